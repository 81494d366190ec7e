//! `coview bench`: it runs, in words and as JSON, and leaves nothing behind.

mod common;

use common::coview;

#[test]
fn a_quick_benchmark_tells_figures_as_json() {
    let figures = coview(&["bench", "--quick", "--json"]).json();
    let rows = figures["rows"].as_array().expect("there are rows");
    let spins = figures["processors"].as_u64().expect("it is a number") > 1;
    assert_eq!(rows.len(), if spins { 8 } else { 6 });
    for row in rows {
        for field in ["coview", "floor", "ratio"] {
            assert!(row[field].as_f64().is_some_and(|number| number > 0.0), "{field} of {row}");
        }
        let is_stream = row["work"].as_str().is_some_and(|work| work.starts_with("one way"));
        assert_eq!(row["messages_per_second"].as_f64().is_some(), is_stream, "{row}");
    }
}

#[test]
fn a_quick_benchmark_draws_bars_without_colours_in_a_pipe() {
    let text = coview(&["bench", "--quick"]).ok();
    assert!(text.starts_with("medians of "), "{text}");
    assert!(text.contains("one way, 64 B\n") && text.contains("####") && text.contains(" million/s"), "{text}");
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn the_second_process_knows_nothing_but_its_orders() {
    let complaint = common::coview_fed(&["bench-part"], b"do something\n").failed(1);
    assert!(complaint.contains("is a part of `coview bench`"), "{complaint}");
}
