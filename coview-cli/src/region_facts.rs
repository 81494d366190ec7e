//! What `coview stat` tells of the typed region that a mapping holds.

use coview::{Access, MappingOptions, Region, RegionKind};
use serde::Serialize;

use crate::units;

/// A typed region without its value. The field names are stable.
#[derive(Serialize)]
pub(crate) struct RegionFacts {
    kind: String,
    value_size: u64,
    value_align: u64,
    /// In hexadecimal digits, for not all that read JSON know numbers of 64 bits.
    fingerprint: Option<String>,
    sequence: u64,
    publisher: Option<String>,
}

impl RegionFacts {
    /// Looks into a mapping, and holds it meanwhile; `None` if there is no region to be seen, for whatever reason.
    pub(crate) fn of(name: &str) -> Option<RegionFacts> {
        let mapping = MappingOptions::new().access(Access::ReadOnly).open(name).ok()?;
        let region = Region::of(&mapping).ok()??;
        let has_publisher = region.kind() != RegionKind::Shared;
        let fingerprint = Some(region.fingerprint()).filter(|&fingerprint| fingerprint != 0);
        Some(RegionFacts {
            kind: region.kind().to_string(),
            value_size: region.value_size(),
            value_align: region.value_align(),
            fingerprint: fingerprint.map(|fingerprint| format!("{fingerprint:#018x}")),
            sequence: region.sequence(),
            publisher: has_publisher.then(|| region.publisher().ok()).flatten().map(|state| state.to_string()),
        })
    }

    pub(crate) fn to_text(&self) -> String {
        let publisher = self.publisher.iter().map(|state| format!(", publisher {state}"));
        let fingerprint = self.fingerprint.iter().map(|fingerprint| format!(", fingerprint {fingerprint}"));
        let RegionFacts { kind, sequence, .. } = self;
        let size = units::bytes(self.value_size);
        format!("{kind} of {size}, value {sequence}") + &publisher.chain(fingerprint).collect::<String>()
    }
}
