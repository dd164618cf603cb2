//! `komuz serve`: runs an outlet's server until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use komuz_relay::{Config, Server};

/// `komuz serve`.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Address to listen on, such as 127.0.0.1:8700; port 0 chooses a free one.
    #[arg(long)]
    listen: SocketAddr,
    /// Folder for everything that is kept; made when it is not there.
    #[arg(long)]
    data: PathBuf,
    /// What the server is called from outside, such as https://desk.outlet.example [default: http:// and the address].
    #[arg(long)]
    origin: Option<String>,
    /// Serve desk and embed files from this folder instead of those that the program carries.
    #[arg(long)]
    site: Option<PathBuf>,
    /// Origins of pages that may frame the desk, separated by commas or spaces.
    #[arg(long, default_value = "")]
    frame_ancestors: String,
    /// Most bytes that one log holds; K, M and G are understood.
    #[arg(long, value_parser = bytes, default_value = "256M")]
    max_log_bytes: u64,
    /// Most bytes that all logs and published files hold together.
    #[arg(long, value_parser = bytes, default_value = "10G")]
    max_disk: u64,
    /// A proxy in front limits connections by address: all come from the proxy's.
    #[arg(long)]
    behind_proxy: bool,
}

/// Serves until SIGINT or SIGTERM, then stops in order.
///
/// # Errors
/// A sentence that says why the server does not start.
pub fn run(arguments: Serve) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: Serve) -> Result<(), String> {
    let mut config = Config::new(arguments.listen, arguments.data);
    if arguments.origin.is_none() && arguments.listen.ip().is_unspecified() {
        eprintln!(
            "komuz: without --origin, clients cannot tell what this server is called: give its address as seen from outside"
        );
    }
    if arguments.site.is_none() && !komuz_relay::BUNDLED {
        eprintln!("komuz: this program was built without the desk; give its files with --site");
    }
    config.origin = arguments.origin;
    config.site = arguments.site;
    let origins = arguments
        .frame_ancestors
        .split([',', ' '])
        .filter(|origin| !origin.is_empty());
    config.frame_ancestors = origins.map(str::to_owned).collect();
    config.limits.log_bytes = arguments.max_log_bytes;
    config.limits.disk_bytes = arguments.max_disk;
    if arguments.behind_proxy {
        config.limits.connections_per_address = None;
    }
    let stop = stop_signal().map_err(|error| format!("cannot listen to signals: {error}"))?;
    let server = Server::start(config).await.map_err(|error| error.to_string())?;
    println!("listening on http://{}", server.address);
    if let Some(link) = &server.founding_link {
        println!("The founding link, shown this once; whoever has it may open investigations on this server:");
        println!("{link}");
    }
    stop.await;
    server.stop().await;
    Ok(())
}

/// Waits for the first signal to stop. The handlers are in place when this returns.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            let _ = tokio::signal::ctrl_c().await;
        })
    }
}

/// A number of bytes: digits, and perhaps K, M or G for 1024, 1024² and 1024³.
fn bytes(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "expected a number of bytes such as 512M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use komuz_relay::Limits;

    #[test]
    fn sizes_are_read_with_and_without_a_letter() {
        assert_eq!(bytes("0"), Ok(0));
        assert_eq!(bytes("12"), Ok(12));
        assert_eq!(bytes("3k"), Ok(3072));
        assert_eq!(bytes("256M"), Ok(Limits::default().log_bytes));
        assert_eq!(bytes("10G"), Ok(Limits::default().disk_bytes));
        for bad in ["", "M", "1.5G", "-1", "12 M", "99999999999G", "é"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
