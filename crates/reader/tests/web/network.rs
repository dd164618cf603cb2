//! A network in memory: the browser's `fetch` is answered from what the test has put on hosts. The reader's own code is
//! all real.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response, ResponseInit};

/// Files by address.
pub type Files = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

thread_local! {
    static FILES: Files = {
        let files = Files::default();
        let served = files.clone();
        let fetch = Closure::<dyn Fn(Request) -> Promise>::new(move |request: Request| {
            let address = request.url();
            match served.borrow().get(&address) {
                Some(bytes) => {
                    let mut bytes = bytes.clone();
                    Promise::resolve(&JsValue::from(Response::new_with_opt_u8_array(Some(&mut bytes)).unwrap()))
                }
                None if address.contains("//down") => Promise::reject(&js_sys::TypeError::new("Failed to fetch")),
                None => {
                    let init = ResponseInit::new();
                    init.set_status(404);
                    Promise::resolve(&JsValue::from(Response::new_with_opt_str_and_init(None, &init).unwrap()))
                }
            }
        });
        let window = web_sys::window().unwrap();
        Reflect::set(&window, &"fetch".into(), fetch.as_ref()).unwrap();
        fetch.forget();
        files
    };
}

/// Puts a release's files on a host.
pub fn put(host: &str, files: &[(String, Vec<u8>)]) {
    FILES.with(|all| {
        for (path, bytes) in files {
            all.borrow_mut()
                .insert(format!("https://{host}/r/{path}"), bytes.clone());
        }
    });
}

/// Changes the file whose address ends so.
pub fn spoil(host: &str, ends: &str, change: impl FnOnce(&mut Vec<u8>)) {
    FILES.with(|all| {
        let mut all = all.borrow_mut();
        let here = format!("https://{host}/");
        let file = all
            .iter_mut()
            .find(|(address, _)| address.starts_with(&here) && address.ends_with(ends));
        change(file.expect("there is such a file").1);
    });
}
