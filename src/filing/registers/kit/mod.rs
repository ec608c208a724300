//! What every register reads with: what a cell may mean in more than one way, decided on its column (numbers,
//! percentages, days, long codes); small tables; the sheet of a register; what no deposit may hold; bytes of
//! XML under a budget.

pub mod codes;
pub mod dates;
pub mod guard;
pub mod habit;
pub mod numbers;
pub mod personal;

pub mod recognise;
pub mod small;
pub mod years;
