//! The structure of a paper, in the order in which it is read: what a screen reader is told.

use std::num::NonZeroU16;

use krilla::geom::Rect;
use krilla::tagging::{BBox, Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};

/// What an element is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Section,
    /// Level from 1, and its text.
    Heading(u16, String),
    Paragraph,
    List,
    Item,
    Body,
    Table,
    Head,
    Rows,
    Row,
    ColumnHeader,
    RowHeader,
    Cell,
    /// With the text that stands for it.
    Figure(String),
}

/// An element; `0` is the document.
pub type Element = usize;

#[derive(Debug)]
struct Node {
    kind: Kind,
    children: Vec<Element>,
    /// What of the pages is its own, with its page and box.
    content: Vec<(Identifier, usize, Option<Rect>)>,
}

/// All elements.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
}

/// The document itself.
pub const DOCUMENT: Element = 0;

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node { kind: Kind::Section, children: Vec::new(), content: Vec::new() }] }
    }
}

impl Tree {
    /// Adds an element at the end of another.
    pub fn add(&mut self, parent: Element, kind: Kind) -> Element {
        let at = self.nodes.len();
        self.nodes.push(Node { kind, children: Vec::new(), content: Vec::new() });
        self.nodes[parent].children.push(at);
        at
    }

    /// What was added so far.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.nodes.len()
    }

    /// Takes away what was added since.
    pub fn undo(&mut self, mark: usize) {
        self.nodes.truncate(mark);
        self.nodes.iter_mut().for_each(|n| n.children.retain(|c| *c < mark));
    }

    /// Gives an element what stands on a page.
    pub(super) fn own(&mut self, element: Element, content: Identifier, page: usize, place: Option<Rect>) {
        self.nodes[element].content.push((content, page, place));
    }

    /// The tree as a file has it.
    pub(super) fn tags(&self) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(super::LANGUAGE.to_owned()));
        for child in &self.nodes[DOCUMENT].children {
            tree.push(self.group(*child));
        }
        tree
    }

    fn group(&self, element: Element) -> TagGroup {
        let node = &self.nodes[element];
        let mut group = TagGroup::new(self.tag(node));
        for (content, ..) in &node.content {
            group.push(*content);
        }
        for child in &node.children {
            group.push(self.group(*child));
        }
        group
    }

    fn tag(&self, node: &Node) -> TagKind {
        match &node.kind {
            Kind::Section => Tag::Section.into(),
            Kind::Heading(level, text) => {
                Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(text.clone())).into()
            }
            Kind::Paragraph => Tag::P.into(),
            Kind::List => Tag::L(ListNumbering::None).into(),
            Kind::Item => Tag::LI.into(),
            Kind::Body => Tag::LBody.into(),
            Kind::Table => Tag::Table.into(),
            Kind::Head => Tag::THead.into(),
            Kind::Rows => Tag::TBody.into(),
            Kind::Row => Tag::TR.into(),
            Kind::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
            Kind::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
            Kind::Cell => Tag::TD.into(),
            Kind::Figure(told) => {
                let place = node.content.first().and_then(|(_, page, at)| Some(BBox::new(*page, (*at)?)));
                Tag::Figure(Some(told.clone())).with_bbox(place).into()
            }
        }
    }
}
