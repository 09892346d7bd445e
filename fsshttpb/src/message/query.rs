//! QueryChanges as plain data (MS-FSSHTTPB 2.2.2.1.3).

use super::{CellCode, Failure, Knowledge};
use crate::{
    atom::{CellId, CompactU64, ExtendedGuid},
    object::{
        Element,
        types::{
            self, DataElementType, FilterOperation, FilterType, HierarchyDepth, HierarchyKey,
            QueryChangesBits, QueryChangesContent, QueryChangesFlags,
        },
    },
};

/// A request for data elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryChanges {
    /// The flags.
    pub flags: QueryChangesBits,
    /// The kinds of changes and the cell that are asked for, or `None` for everything.
    pub arguments: Option<(QueryChangesContent, CellId)>,
    /// The largest size of all data elements in the answer, in bytes.
    pub constraint: Option<u64>,
    /// The filters, in the order in which they apply.
    pub filters: Vec<Filter>,
    /// The client's knowledge.
    pub knowledge: Knowledge,
}

/// A filter. The last filter that selects a data element decides whether the answer contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whether the filter includes the selected data elements. Otherwise it excludes them.
    pub include: bool,
    /// The data elements that the filter is about.
    pub selection: Selection,
}

/// The depth of a hierarchy filter.
pub type Depth = HierarchyDepth;

/// The data elements that a filter is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All.
    All,
    /// Those of one type.
    Type(DataElementType),
    /// Those that the storage index refers to.
    IndexReferenced,
    /// Those of one cell.
    Cell(CellId),
    /// Those with these identifiers.
    Ids(Vec<ExtendedGuid>),
    /// Those below a key of the storage index: an extended GUID or a cell identifier.
    Hierarchy {
        /// The key.
        key: Vec<ExtendedGuid>,
        /// The depth.
        depth: Depth,
    },
}

impl QueryChanges {
    /// Reads the objects of a sub-request.
    ///
    /// # Errors
    /// An object is absent (cell error 38), or a filter is unknown (33) or unsupported (34).
    pub fn from_element(element: &Element) -> Result<Self, Failure> {
        let query: &types::QueryChanges = element.first().ok_or_else(|| {
            Failure::cell(CellCode::ARGUMENT, "the object QueryChanges is absent")
        })?;
        let filters =
            element.children.iter().filter(|child| child.get::<types::Filter>().is_some());
        Ok(Self {
            flags: query.flags.bits,
            arguments: element.first().map(|arguments: &types::QueryChangesArguments| {
                (arguments.content, arguments.cell)
            }),
            constraint: element.first().map(|limit: &types::DataConstraint| limit.maximum.0),
            filters: filters.map(Filter::from_element).collect::<Result<_, _>>()?,
            knowledge: element
                .child::<types::Knowledge>()
                .map(Knowledge::from_element)
                .unwrap_or_default(),
        })
    }

    /// Returns the objects of a sub-request.
    pub fn to_elements(&self) -> Vec<Element> {
        // Only Office 16 writes two bytes, and only the ninth flag requires them.
        let wide = self.flags.0 > u16::from(u8::MAX);
        let flags = QueryChangesFlags { bits: self.flags, wide };
        let mut elements = vec![Element::new(types::QueryChanges { flags })];
        if let Some((content, cell)) = self.arguments {
            elements.push(Element::new(types::QueryChangesArguments { content, cell }));
        }
        if let Some(maximum) = self.constraint {
            elements.push(Element::new(types::DataConstraint { maximum: CompactU64(maximum) }));
        }
        elements.extend(self.filters.iter().map(Filter::to_element));
        elements.push(self.knowledge.to_element());
        elements
    }
}

impl Filter {
    fn from_element(element: &Element) -> Result<Self, Failure> {
        let Some(filter) = element.get::<types::Filter>() else {
            return Err(Failure::cell(CellCode::ARGUMENT, "the object Filter is absent"));
        };
        let selection = match filter.kind {
            FilterType::ALL => Some(Selection::All),
            FilterType::DATA_ELEMENT_TYPE => element
                .first()
                .map(|part: &types::FilterDataElementType| Selection::Type(part.kind)),
            FilterType::STORAGE_INDEX_REFERENCED => Some(Selection::IndexReferenced),
            FilterType::CELL_ID => {
                element.first().map(|part: &types::FilterCellId| Selection::Cell(part.cell))
            }
            FilterType::CUSTOM => {
                let text = "filters of a schema are not supported";
                return Err(Failure::cell(CellCode::UNSUPPORTED_FILTER, text));
            }
            FilterType::DATA_ELEMENT_IDS => element
                .first()
                .map(|part: &types::FilterDataElementIds| Selection::Ids(part.ids.clone())),
            FilterType::HIERARCHY => element.first().and_then(|part: &types::FilterHierarchy| {
                Some(Selection::Hierarchy { key: part.key.ids()?, depth: part.depth })
            }),
            FilterType(kind) => {
                let text = format!("no filter has the type {kind}");
                return Err(Failure::cell(CellCode::UNKNOWN_FILTER, text));
            }
        };
        let include = filter.operation == FilterOperation::INCLUDE;
        let error = || Failure::cell(CellCode::ARGUMENT, "the filter has no valid argument");
        selection.map(|selection| Self { include, selection }).ok_or_else(error)
    }

    fn to_element(&self) -> Element {
        let (kind, part) = match &self.selection {
            Selection::All => (FilterType::ALL, None),
            Selection::Type(kind) => {
                let part = types::FilterDataElementType { kind: *kind };
                (FilterType::DATA_ELEMENT_TYPE, Some(Element::new(part)))
            }
            Selection::IndexReferenced => (FilterType::STORAGE_INDEX_REFERENCED, None),
            Selection::Cell(cell) => {
                (FilterType::CELL_ID, Some(Element::new(types::FilterCellId { cell: *cell })))
            }
            Selection::Ids(ids) => {
                let part = types::FilterDataElementIds { ids: ids.clone() };
                (FilterType::DATA_ELEMENT_IDS, Some(Element::new(part)))
            }
            Selection::Hierarchy { key, depth } => {
                let part = types::FilterHierarchy { depth: *depth, key: HierarchyKey::new(key) };
                (FilterType::HIERARCHY, Some(Element::new(part)))
            }
        };
        let operation =
            if self.include { FilterOperation::INCLUDE } else { FilterOperation::EXCLUDE };
        Element::with(types::Filter { kind, operation }, part.into_iter().collect())
    }
}
