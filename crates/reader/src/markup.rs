//! Elements made by calls and not by `html!`: what the macro writes out for each element, a reader would fetch.

use std::rc::Rc;

use yew::html::onclick;
use yew::prelude::*;
use yew::virtual_dom::{Key, Listener, VList, VTag, VText};

/// An element that is being made.
pub struct Tag(VTag);

/// Starts an element.
pub fn tag(name: &'static str) -> Tag {
    Tag(VTag::new(name))
}

/// Starts an element with a class.
pub fn class(name: &'static str, class: &'static str) -> Tag {
    tag(name).set("class", class)
}

/// A text.
pub fn text(text: &str) -> Html {
    VText::new(AttrValue::from(text.to_owned())).into()
}

/// Several nodes one after another.
pub fn list(nodes: Vec<Html>) -> Html {
    VList::with_children(nodes, None).into()
}

impl Tag {
    /// Sets an attribute.
    #[inline(never)]
    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.0.add_attribute(name, value.to_owned());
        self
    }

    /// Sets an attribute when there is a value.
    pub fn maybe(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Adds a node. An absent part is added as an empty node, so that its neighbours stay where they are.
    #[inline(never)]
    pub fn with(mut self, node: Html) -> Self {
        self.0.add_child(node);
        self
    }

    /// Adds a text.
    pub fn text(self, text: &str) -> Self {
        self.with(self::text(text))
    }

    /// What happens when it is pressed.
    pub fn pressed(self, callback: Callback<MouseEvent>) -> Self {
        self.listens(Rc::new(onclick::Wrapper::new(callback)))
    }

    /// Adds a listener.
    #[inline(never)]
    pub fn listens(mut self, listener: Rc<dyn Listener>) -> Self {
        self.0.add_listener(listener);
        self
    }

    /// Names it among its neighbours.
    pub fn key(mut self, key: &str) -> Self {
        self.0.key = Some(Key::from(key.to_owned()));
        self
    }

    /// Lets the component find its node.
    pub fn node(mut self, node: &NodeRef) -> Self {
        self.0.node_ref = node.clone();
        self
    }

    /// The element.
    pub fn html(self) -> Html {
        self.0.into()
    }
}
