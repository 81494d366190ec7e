//! What a region does at its edges: with a lock that is made anew.

mod common;

use common::{Outcome, name};
use coview::{Access, RegionOptions, Rights, Shared, stat};

#[test]
fn a_lock_that_is_made_anew_has_the_rights_of_its_region() -> Outcome {
    let name = name("rights");
    let writer = Shared::create_with(&RegionOptions::new().rights(Rights::Group), &name, &1u8)?;
    let reader = Shared::<u8>::open_with(&RegionOptions::new().access(Access::ReadOnly), &name)?;
    // The last who may write takes the lock with him; the region stays with the reader.
    drop(writer);
    let next = Shared::<u8>::create_or_open(&name, |_| ())?;
    assert!(!next.was_created());
    assert_eq!(stat(&format!("coview.shared.{name}"))?.rights, stat(&name)?.rights);
    drop(reader);
    Ok(())
}
