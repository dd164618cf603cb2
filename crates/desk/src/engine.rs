//! The link to the engine's worker: every ask is answered once, events come whenever something has changed.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::Function;
use komuz_messages::{Answer, Ask, Event, FromEngine, Trouble};
use wasm_bindgen::prelude::*;
use yew::Callback;

use crate::browser::Link;
use crate::read;

/// The engine, as the page sees it.
#[derive(Clone)]
pub struct Engine(Rc<Inner>);

struct Inner {
    link: Link,
    next: Cell<u32>,
    waiting: Rc<RefCell<Vec<Waiting>>>,
    // Held for as long as the worker may call them.
    _on: Closure<dyn FnMut(String)>,
    _failed: Closure<dyn FnMut(String)>,
}

/// An ask that is not answered: its id, whether it holds something that was typed, and who waits for it.
type Waiting = (u32, bool, Slot);

type Slot = Rc<RefCell<(Option<Result<Answer, Trouble>>, Option<Waker>)>>;

/// The answer to come.
pub struct Asked(Slot);

impl Future for Asked {
    type Output = Result<Answer, Trouble>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.0.borrow_mut();
        match slot.0.take() {
            Some(result) => Poll::Ready(result),
            None => {
                slot.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Engine {
    /// Starts the worker. Events come to `event`; `failed` hears that the worker stopped, with what the browser says of it;
    /// `quiet` that everything which was typed has been answered.
    pub fn start(make: &Function, event: Callback<Event>, failed: Callback<String>, quiet: Callback<()>) -> Self {
        let waiting: Rc<RefCell<Vec<Waiting>>> = Rc::default();
        let asked = waiting.clone();
        let on = Closure::new(move |json: String| match read::message(&json) {
            Some(FromEngine::Event { event: what }) => event.emit(*what),
            Some(FromEngine::Answer { id, result }) => {
                let mut asked = asked.borrow_mut();
                let found = asked.iter().position(|(asked, ..)| *asked == id);
                if let Some((_, typed, slot)) = found.map(|index| asked.swap_remove(index)) {
                    let last = typed && !asked.iter().any(|(_, typed, _)| *typed);
                    drop(asked);
                    if last {
                        quiet.emit(());
                    }
                    let waker = {
                        let mut slot = slot.borrow_mut();
                        slot.0 = Some(result);
                        slot.1.take()
                    };
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
            }
            // Of another build: a reload brings page and engine together again.
            None => {}
        });
        let failed = Closure::new(move |message: String| failed.emit(message));
        let link = Link::new(make, &on, &failed);
        Self(Rc::new(Inner {
            link,
            next: Cell::new(0),
            waiting,
            _on: on,
            _failed: failed,
        }))
    }

    /// Asks. The message is sent at once, in the order of the calls; the answer may be awaited or dropped.
    pub fn ask(&self, ask: Ask) -> Asked {
        self.ask_for(&ask)
    }

    /// Asks, as [`Engine::ask`], for what is kept: copying an ask is Wasm for each kind of it.
    pub fn ask_for(&self, ask: &Ask) -> Asked {
        let id = self.0.next.get().wrapping_add(1);
        self.0.next.set(id);
        let slot = Slot::default();
        let typed = matches!(
            ask,
            Ask::Steps { .. }
                | Ask::Whole { .. }
                | Ask::SetHeadline { .. }
                | Ask::SetSummary { .. }
                | Ask::SetByline { .. }
        );
        // A `ToEngine`, which would want the ask for itself.
        match serde_json::to_string(ask) {
            Ok(json) => {
                let json = format!("{{\"id\":{id},\"ask\":{json}}}");
                self.0.waiting.borrow_mut().push((id, typed, slot.clone()));
                self.0.link.post(&json);
            }
            Err(error) => {
                slot.borrow_mut().0 = Some(Err(Trouble {
                    code: "message".into(),
                    with: Vec::new(),
                    message: error.to_string(),
                }))
            }
        }
        Asked(slot)
    }

    /// Whether something that was typed is on its way to the engine.
    pub fn is_busy(&self) -> bool {
        self.0.waiting.borrow().iter().any(|(_, typed, _)| *typed)
    }
}
