//! Which two processors the benchmark runs on.

use std::fs;

use core_affinity::CoreId;

/// A processor for each of the two processes.
pub(crate) struct Processors {
    here: Option<CoreId>,
    there: Option<CoreId>,
    count: usize,
}

impl Processors {
    /// Two processors that share as little as possible, of those that this process may use.
    pub(super) fn choose() -> Processors {
        let ids = core_affinity::get_core_ids().unwrap_or_default();
        let here = ids.first().copied();
        let siblings = here.map(|here| siblings(here.id)).unwrap_or_default();
        let others = ids.iter().skip(1);
        let there = others.clone().find(|other| !siblings.contains(&other.id)).or(others.clone().next());
        let count = match ids.len() {
            // The system does not tell which; the standard library may still know how many.
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        Processors { here, there: there.copied(), count }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether there is nothing that could run beside a process that spins.
    pub(super) fn is_single(&self) -> bool {
        self.count < 2
    }

    /// Binds this process to the first of the two, where the system can.
    pub(super) fn pin_here(&self) {
        self.here.filter(|_| self.there.is_some()).map(core_affinity::set_for_current);
    }

    /// The number of the other's processor, for [`pin`].
    pub(super) fn there(&self) -> Option<usize> {
        self.there.map(|there| there.id)
    }

    /// The numbers of both, if there are two that are known.
    pub(super) fn pinned(&self) -> Option<[usize; 2]> {
        Some([self.here?.id, self.there?.id])
    }
}

/// Binds this process to a processor, where the system can; where it cannot, the figures are only less steady.
pub(super) fn pin(id: usize) {
    core_affinity::set_for_current(CoreId { id });
}

/// The processors that are the same core as this one, where the system tells it as Linux does.
fn siblings(id: usize) -> Vec<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{id}/topology/thread_siblings_list");
    parse_list(fs::read_to_string(path).unwrap_or_default().trim())
}

/// Numbers and ranges, such as `0,4-6`.
fn parse_list(list: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_numbers_and_ranges() {
        assert_eq!(parse_list("0,4-6"), [0, 4, 5, 6]);
        assert_eq!(parse_list("3"), [3]);
        assert!(parse_list("").is_empty());
    }
}
