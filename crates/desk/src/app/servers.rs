//! The servers of the investigation, and which of them are reached.

use komuz_messages::{InvestigationView, StateView};
use yew::prelude::*;

use super::frame::saved_words;
use crate::state::Context;

/// The page of servers.
pub fn servers(ctx: &Context, investigation: &InvestigationView, state: &StateView) -> Html {
    let w = ctx.words();
    html! {
        <section class="sheet plainly">
            <h2>{ w.servers() }</h2>
            <p>{ w.servers_what() }</p>
            <p>{ saved_words(w, state).1 }</p>
            { for investigation.servers.iter().map(|server| {
                let view = state.servers.iter().find(|view| view.url == server.url);
                let (class, words) = match view {
                    Some(view) if view.in_sync => ("good", w.server_in_sync()),
                    Some(view) if view.reached => ("warn", w.server_reached()),
                    _ => ("bad", w.server_away()),
                };
                html! {
                    <div class="card" data-test="server" key={server.url.clone()}>
                        <p><b>{ server.url.clone() }</b></p>
                        if state.closed.is_none() {
                            <span class={classes!("tag", class)}>{ words }</span>
                        }
                    </div>
                }
            }) }
            if !state.refused.is_empty() {
                <h3>{ w.refused() }</h3>
                <ul>{ for state.refused.iter().map(|what| html! { <li>{ w.trouble(what) }</li> }) }</ul>
            }
        </section>
    }
}
