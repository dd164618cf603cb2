//! Releases with something in their bytes changed, and where they are wrong then.

use komuz_release::canonical::canonical;
use komuz_release::release::{Release, ReleaseError};
use serde_json::Value;

/// What comes of a release's bytes when something in them is changed.
pub fn read(release: &Release, change: impl FnOnce(&mut Value)) -> Result<Release, ReleaseError> {
    let mut value: Value = serde_json::from_slice(&release.to_bytes().unwrap()).unwrap();
    change(&mut value);
    Release::parse(&canonical(&value).unwrap())
}

/// Where a release that is refused is wrong.
pub fn place(result: Result<impl std::fmt::Debug, ReleaseError>) -> String {
    match result {
        Err(ReleaseError::Invalid { place, .. }) => place,
        other => panic!("{other:?}"),
    }
}
