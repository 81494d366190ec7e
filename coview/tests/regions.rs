//! What a region does at its edges: with a lock that is made anew, with values that no stack has room for.

mod common;

use std::thread;

use common::{Outcome, name};
use coview::{Access, Latest, LatestPublisher, RegionOptions, Rights, Shared, stat};

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

#[test]
fn a_value_that_no_stack_has_room_for_is_waited_for_and_read() -> Outcome {
    type Picture = [u8; 8 << 20];
    let name = name("picture");
    let mut publisher = LatestPublisher::<Picture>::create(&name)?;
    let reader = Latest::<Picture>::open(&name)?;
    let read = thread::Builder::new().stack_size(256 << 10).spawn(move || -> coview::Result<_> {
        let mut picture = bytemuck::zeroed_box::<Picture>();
        let number = reader.wait_changed(0)?;
        let stamp = reader.read_into(&mut picture)?;
        Ok((number, stamp.map(|stamp| stamp.sequence), picture[picture.len() - 1]))
    })?;
    let mut picture = bytemuck::zeroed_box::<Picture>();
    picture.fill(7);
    publisher.publish(&picture)?;
    assert_eq!(read.join().expect("the thread does not panic")?, (1, Some(1), 7));
    Ok(())
}
