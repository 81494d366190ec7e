//! What the bytes of a value mean: scalars, texts, arrays and structs, each with the size and alignment that C gives it.

use std::ops::Range;

/// The most values that a type may have, every element of an array counted.
pub(crate) const CELLS_MAX: usize = 65_536;

/// The most bytes that a type may have.
pub(crate) const SIZE_MAX: usize = 16 << 20;

/// A type as `--as` describes it. Its size and its number of cells are bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) form: Form,
    size: usize,
    align: usize,
    cells: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Leaf(Leaf),
    Array(Box<Type>, usize),
    Struct(Vec<Field>),
}

/// What is shown as one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    Scalar(Scalar, Order),
    /// So many bytes that are text up to the first NUL.
    Text(usize),
    /// So many bytes that are shown in hexadecimal digits.
    Bytes(usize),
}

/// A number of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Unsigned(usize),
    Signed(usize),
    Float(usize),
    Hex(usize),
    Bool,
}

/// Which byte of a number comes first in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// A member of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) offset: usize,
    pub(crate) value_type: Type,
}

/// One value of a type, with its full name and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Such as `pose.position[2]`; `value` in a type that names nothing.
    pub(crate) name: String,
    pub(crate) range: Range<usize>,
    pub(crate) leaf: Leaf,
}

impl Order {
    /// The order of this machine.
    pub(crate) fn native() -> Order {
        if 1u16.to_ne_bytes()[0] == 1 { Order::Little } else { Order::Big }
    }
}

impl Scalar {
    pub(crate) fn size(self) -> usize {
        match self {
            Scalar::Unsigned(size) | Scalar::Signed(size) | Scalar::Float(size) | Scalar::Hex(size) => size,
            Scalar::Bool => 1,
        }
    }
}

impl Type {
    pub(crate) fn scalar(scalar: Scalar, order: Order) -> Type {
        let size = scalar.size();
        Type { form: Form::Leaf(Leaf::Scalar(scalar, order)), size, align: size, cells: 1 }
    }

    pub(crate) fn text(len: usize) -> Result<Type, String> {
        Type { form: Form::Leaf(Leaf::Text(len)), size: len, align: 1, cells: 1 }.bounded()
    }

    pub(crate) fn bytes(len: usize) -> Result<Type, String> {
        Type { form: Form::Leaf(Leaf::Bytes(len)), size: len, align: 1, cells: 1 }.bounded()
    }

    pub(crate) fn array(element: Type, len: usize) -> Result<Type, String> {
        // What overflows is too large anyway.
        let size = element.size.saturating_mul(len);
        let (align, cells) = (element.align, element.cells.saturating_mul(len));
        Type { form: Form::Array(Box::new(element), len), size, align, cells }.bounded()
    }

    fn bounded(self) -> Result<Type, String> {
        if self.size > SIZE_MAX {
            return Err(format!("a type has at most {SIZE_MAX} bytes"));
        }
        if self.cells > CELLS_MAX {
            return Err(format!("a type has at most {CELLS_MAX} values, each element of an array counted"));
        }
        Ok(self)
    }

    /// How many bytes a value has, its padding included.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn align(&self) -> usize {
        self.align
    }

    /// All values in the order of their places.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::with_capacity(self.cells);
        self.collect_cells("", 0, &mut cells);
        cells
    }

    fn collect_cells(&self, name: &str, offset: usize, cells: &mut Vec<Cell>) {
        match &self.form {
            Form::Leaf(leaf) => {
                cells.push(Cell { name: or_value(name).to_owned(), range: offset..offset + self.size, leaf: *leaf });
            }
            Form::Array(element, len) => {
                let name = or_value(name);
                for index in 0..*len {
                    element.collect_cells(&format!("{name}[{index}]"), offset + index * element.size, cells);
                }
            }
            Form::Struct(fields) => {
                let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
                for Field { name, offset: within, value_type } in fields {
                    value_type.collect_cells(&format!("{prefix}{name}"), offset + within, cells);
                }
            }
        }
    }
}

fn or_value(name: &str) -> &str {
    if name.is_empty() { "value" } else { name }
}

/// A struct that grows field by field.
pub(crate) struct Layout {
    fields: Vec<Field>,
    size: usize,
    align: usize,
    cells: usize,
    is_packed: bool,
}

impl Layout {
    pub(crate) fn new(is_packed: bool) -> Layout {
        Layout { fields: Vec::new(), size: 0, align: 1, cells: 0, is_packed }
    }

    /// Adds a field behind the others.
    pub(crate) fn push(&mut self, name: &str, value_type: Type) -> Result<(), String> {
        if self.fields.iter().any(|field| field.name == name) {
            return Err(format!("there is a `{name}` already"));
        }
        let offset = self.place(value_type.size, value_type.align)?;
        self.cells += value_type.cells;
        if self.cells > CELLS_MAX {
            return Err(format!("a type has at most {CELLS_MAX} values, each element of an array counted"));
        }
        self.fields.push(Field { name: name.to_owned(), offset, value_type });
        Ok(())
    }

    /// Leaves room for something that is not shown.
    pub(crate) fn skip(&mut self, size: usize, align: usize) -> Result<(), String> {
        self.place(size, align).map(drop)
    }

    fn place(&mut self, size: usize, align: usize) -> Result<usize, String> {
        let align = if self.is_packed { 1 } else { align };
        let offset = self.size.next_multiple_of(align);
        let end = offset.saturating_add(size);
        if end > SIZE_MAX {
            return Err(format!("a type has at most {SIZE_MAX} bytes"));
        }
        (self.size, self.align) = (end, self.align.max(align));
        Ok(offset)
    }

    /// The whole struct, padded so that one can follow another; `None` if it shows nothing.
    pub(crate) fn finish(self) -> Option<Type> {
        let size = self.size.next_multiple_of(self.align);
        let is_empty = self.fields.is_empty();
        (!is_empty).then_some(Type { form: Form::Struct(self.fields), size, align: self.align, cells: self.cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsigned(size: usize) -> Type {
        Type::scalar(Scalar::Unsigned(size), Order::native())
    }

    #[test]
    fn a_struct_is_laid_out_as_in_c() {
        #[repr(C)]
        struct Mixed {
            a: u8,
            b: u32,
            c: u16,
            d: u64,
            e: u8,
        }
        let mut layout = Layout::new(false);
        for (name, size) in [("a", 1), ("b", 4), ("c", 2), ("d", 8), ("e", 1)] {
            layout.push(name, unsigned(size)).expect("it is small");
        }
        let mixed = layout.finish().expect("it has fields");
        assert_eq!((mixed.size(), mixed.align()), (size_of::<Mixed>(), align_of::<Mixed>()));
        let offsets: Vec<usize> = mixed.cells().iter().map(|cell| cell.range.start).collect();
        let in_rust = [std::mem::offset_of!(Mixed, b), std::mem::offset_of!(Mixed, c), std::mem::offset_of!(Mixed, d)];
        assert_eq!(offsets[1..4], in_rust);
    }

    #[test]
    fn a_packed_struct_has_no_gaps() {
        let mut layout = Layout::new(true);
        layout.push("a", unsigned(1)).expect("it is small");
        layout.skip(2, 1).expect("it is small");
        layout.push("b", unsigned(8)).expect("it is small");
        let packed = layout.finish().expect("it has fields");
        assert_eq!((packed.size(), packed.align()), (11, 1));
    }

    #[test]
    fn nothing_grows_beyond_its_bounds() {
        assert!(Type::array(unsigned(1), CELLS_MAX).is_ok());
        assert!(Type::array(unsigned(1), CELLS_MAX + 1).is_err());
        assert!(Type::array(unsigned(16), usize::MAX).is_err());
        assert!(Type::bytes(SIZE_MAX).is_ok());
        assert!(Type::bytes(SIZE_MAX + 1).is_err());
        assert!(Layout::new(false).skip(usize::MAX, 1).is_err());
        let mut layout = Layout::new(false);
        let half = Type::array(unsigned(1), CELLS_MAX / 2 + 1).expect("it is small enough");
        layout.push("a", half.clone()).expect("it is small enough");
        assert!(layout.push("b", half).is_err());
    }
}
