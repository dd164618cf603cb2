//! What makes a Wasm file smaller to send and changes nothing that it does; wasm-opt does the rest.
//!
//! A panic stops the module, and the page that watches it says so in its own words: nobody reads the sentence that the
//! panic composes or the place in the source that it names. And brotli finds what repeats more easily when functions that
//! were made from one generic function lie next to one another.

use std::collections::BTreeMap;

use walrus::ir::Value;
use walrus::{ConstExpr, DataKind, FunctionBuilder, FunctionKind, LocalFunction, Module};

/// Functions of the standard library that never return and do nothing but compose a sentence and stop. Where a name ends
/// in `::` everything below it is meant.
const PANICS: [&str; 12] = [
    "core::panicking::",
    "core::option::unwrap_failed",
    "core::option::expect_failed",
    "core::result::unwrap_failed",
    "core::cell::panic_already_borrowed",
    "core::cell::panic_already_mutably_borrowed",
    "core::slice::index::slice_index_fail",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::str::slice_error_fail",
    "alloc::raw_vec::handle_error",
    "alloc::alloc::handle_alloc_error",
    "__rustc::rust_begin_unwind",
];

/// Takes out of a module what its panics would say: they stop it at once.
pub fn quiet(module: &mut Module) {
    let panics: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| module.funcs.get(*id).name.as_deref().is_some_and(is_panic))
        .map(|(id, function)| (id, function.ty()))
        .collect();
    for (id, ty) in panics {
        let (params, results) = (module.types.params(ty).to_vec(), module.types.results(ty).to_vec());
        let args = params.iter().map(|param| module.locals.add(*param)).collect();
        let mut stop = FunctionBuilder::new(&mut module.types, &params, &results);
        stop.func_body().unreachable();
        let stop: LocalFunction = stop.local_func(args);
        module.funcs.get_mut(id).kind = FunctionKind::Local(stop);
    }
    forget_places(module);
}

/// Names the functions so that wasm-opt's `--reorder-functions-by-name` puts those that are alike together: first by
/// their path without types, then by size.
pub fn name_alike(module: &mut Module) {
    for function in module.funcs.iter_mut() {
        let FunctionKind::Local(local) = &function.kind else {
            continue;
        };
        if let Some(name) = &function.name {
            let name = path(name);
            function.name = Some(format!("{name} {:07} {}", local.size(), function.id().index()));
        }
    }
}

fn is_panic(name: &str) -> bool {
    let name = path(name);
    name.ends_with("::assert_failed")
        || PANICS
            .iter()
            .any(|panic| name == *panic || panic.ends_with("::") && name.starts_with(panic))
}

/// A function's name without generic arguments, hashes of crates and what tells equal names apart.
fn path(name: &str) -> String {
    let mut path = String::new();
    let mut depth = 0_usize;
    for sign in name.replace("->", "").chars() {
        match sign {
            '<' | '[' => depth += 1,
            '>' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => path.push(sign),
            _ => {}
        }
    }
    let hash = path.len().saturating_sub("::h0123456789abcdef".len());
    match path.get(hash..) {
        Some(end) if end.starts_with("::h") => path[..hash].to_owned(),
        _ => path,
    }
}

/// Overwrites the places in the source (`core::panic::Location`: where the file's name lies, its length, line and column)
/// and the names of files with zeros, which are not sent.
fn forget_places(module: &mut Module) {
    let memory: BTreeMap<u32, Vec<u8>> = module
        .data
        .iter()
        .filter_map(|data| match data.kind {
            DataKind::Active {
                offset: ConstExpr::Value(Value::I32(start)),
                ..
            } => Some((start.cast_unsigned(), data.value.clone())),
            _ => None,
        })
        .collect();
    let read = |at: u32, length: u32| -> Option<&[u8]> {
        let (start, bytes) = memory.range(..=at).next_back()?;
        let from = (at - start) as usize;
        bytes.get(from..from.checked_add(length as usize)?)
    };
    let mut gone = Vec::new();
    for (start, bytes) in &memory {
        for (at, place) in (*start..).zip(bytes.windows(16)).filter(|(at, _)| at % 4 == 0) {
            let word = |n: usize| u32::from_le_bytes([place[n], place[n + 1], place[n + 2], place[n + 3]]);
            let (file, length, line, column) = (word(0), word(4), word(8), word(12));
            let small = (6..300).contains(&length) && (1..100_000).contains(&line) && (1..1000).contains(&column);
            if small && read(file, length).is_some_and(is_source_file) {
                gone.extend([(at, 16), (file, length)]);
            }
        }
    }
    let ids: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in ids {
        let data = module.data.get_mut(id);
        let DataKind::Active {
            offset: ConstExpr::Value(Value::I32(start)),
            ..
        } = data.kind
        else {
            continue;
        };
        for (at, length) in &gone {
            let from = at.checked_sub(start.cast_unsigned()).map(|from| from as usize);
            if let Some(bytes) = from.and_then(|from| data.value.get_mut(from..from + *length as usize)) {
                bytes.fill(0);
            }
        }
    }
}

fn is_source_file(name: &[u8]) -> bool {
    let name = name.strip_suffix(b"\0").unwrap_or(name);
    name.ends_with(b".rs") && name.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::{forget_places, is_panic, path};
    use walrus::ir::Value;
    use walrus::{ConstExpr, DataKind, Module};

    #[test]
    fn only_what_never_returns_is_taken_for_a_panic() {
        for panic in [
            "core[a1]::panicking::panic_fmt",
            "core::option::expect_failed::h0123456789abcdef",
            "<alloc[a1]::vec::Vec<_>>::remove::assert_failed[2]",
        ] {
            assert!(is_panic(panic), "{panic}");
        }
        for other in [
            "std::panicking::catch_unwind::do_call",
            "core::option::expect_failed_once",
            "komuz_core::panicking::stop",
        ] {
            assert!(!is_panic(other), "{other}");
        }
    }

    #[test]
    fn a_path_says_what_equal_functions_have_in_common() {
        for name in [
            "<alloc::vec::Vec<u8>>::push::h0123456789abcdef",
            "<alloc::vec::Vec<fn(u8) -> u8>>::push[3]",
        ] {
            assert_eq!(path(name), "::push");
        }
    }

    #[test]
    fn places_in_the_source_are_forgotten_and_numbers_that_only_look_like_them_stay() {
        const START: u32 = 1 << 10;
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        let words = |words: [u32; 4]| words.map(u32::to_le_bytes).concat();
        let text = b"src/lib.rs\0said".to_vec();
        let (place, other) = (words([START, 11, 20, 5]), words([START + 11, 4, 20, 5]));
        let value = [&text[..], &[7], &place, &other].concat();
        let offset = ConstExpr::Value(Value::I32(START.cast_signed()));
        let id = module.data.add(DataKind::Active { memory, offset }, value);
        forget_places(&mut module);
        let expected = [&[0; 11][..], b"said", &[7], &[0; 16], &other].concat();
        assert_eq!(module.data.get(id).value, expected);
    }
}
