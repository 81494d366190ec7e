//! The telemetry examples, run as a user runs them: the vehicle is killed and started again, and nobody else is.

mod common;

use common::example::Example;
use common::{Outcome, name, until};
use coview::{ErrorKind, Mapping};

#[test]
fn a_vehicle_is_killed_and_replaced_and_nobody_else_starts_again() -> Outcome {
    let name = name("vehicle");
    // The readers come first.
    let (print, plot) = (Example::start("telemetry_print", &name), Example::start("telemetry_plot", &name));
    let first = Example::start("telemetry_vehicle", &name);
    print.says("vehicle 1,");
    plot.says("vehicle 1 ");
    drop(first);
    print.says("the publisher died");
    let second = Example::start("telemetry_vehicle", &name);
    print.says("vehicle 2,");
    plot.says("vehicle 2 ");
    drop((second, print, plot));
    // All were killed, and the next call that meets the name finds that out.
    until("the name is free", || Mapping::open(&name).is_err_and(|error| error.kind() == ErrorKind::NotFound));
    Ok(())
}
