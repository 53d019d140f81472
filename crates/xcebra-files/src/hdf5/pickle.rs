//! Names of columns as pandas pickles them: lists and tuples of texts and whole numbers.
//!
//! A pickle is a program, and may call anything. Here only the instructions that build such lists are known;
//! a pickle with any other is not read.
//!
//! Source: CPython, `Lib/pickletools.py`.

/// What a pickle of names holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Text(String),
    List(Vec<Item>),
}

/// Instructions that are carried out; names need few.
const MOST_STEPS: usize = 1 << 20;

enum Entry {
    Mark,
    Item(Item),
}

/// The object of a pickle; none if it is more than names.
pub(super) fn read(bytes: &[u8]) -> Option<Item> {
    let mut input = bytes;
    let mut stack: Vec<Entry> = Vec::new();
    let mut memo: Vec<(u32, Item)> = Vec::new();
    for _ in 0..MOST_STEPS {
        let op = take(&mut input, 1)?[0];
        match op {
            b'.' => return pop(&mut stack),
            // protocol, frame
            0x80 => drop(take(&mut input, 1)?),
            0x95 => drop(take(&mut input, 8)?),
            b'(' => stack.push(Entry::Mark),
            b']' | b')' => stack.push(Entry::Item(Item::List(Vec::new()))),
            b'l' | b't' => {
                let items = to_mark(&mut stack)?;
                stack.push(Entry::Item(Item::List(items)));
            }
            0x85..=0x87 => {
                let count = usize::from(op - 0x84);
                let mut items = Vec::new();
                for _ in 0..count {
                    items.insert(0, pop(&mut stack)?);
                }
                stack.push(Entry::Item(Item::List(items)));
            }
            b'a' => {
                let item = pop(&mut stack)?;
                list(&mut stack)?.push(item);
            }
            b'e' => {
                let items = to_mark(&mut stack)?;
                list(&mut stack)?.extend(items);
            }
            b'N' => stack.push(text("")),
            b'K' => stack.push(text(&take(&mut input, 1)?[0].to_string())),
            b'M' => {
                let bytes = take(&mut input, 2)?;
                stack.push(text(&u16::from_le_bytes([bytes[0], bytes[1]]).to_string()));
            }
            b'J' => {
                let bytes = take(&mut input, 4)?;
                let value = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                stack.push(text(&value.to_string()));
            }
            b'I' | b'L' => {
                let number = line(&mut input)?;
                stack.push(text(number.trim_end_matches('L')));
            }
            b'V' => stack.push(text(&line(&mut input)?)),
            b'S' => stack.push(text(line(&mut input)?.trim_matches(['\'', '"']))),
            b'X' => {
                let length = number(&mut input)?;
                stack.push(utf8(&mut input, length)?);
            }
            0x8c => {
                let length = u32::from(take(&mut input, 1)?[0]);
                stack.push(utf8(&mut input, length)?);
            }
            b'q' => {
                let place = u32::from(take(&mut input, 1)?[0]);
                memo.push((place, top(&stack)?));
            }
            b'r' => {
                let place = number(&mut input)?;
                memo.push((place, top(&stack)?));
            }
            b'p' => {
                let place = line(&mut input)?.parse().ok()?;
                memo.push((place, top(&stack)?));
            }
            0x94 => memo.push((memo.len() as u32, top(&stack)?)),
            b'h' | b'j' | b'g' => {
                let place = match op {
                    b'h' => u32::from(take(&mut input, 1)?[0]),
                    b'j' => number(&mut input)?,
                    _ => line(&mut input)?.parse().ok()?,
                };
                let found = memo.iter().rev().find(|(at, _)| *at == place)?;
                // lists that were put away are unfinished: only texts come back
                match &found.1 {
                    Item::Text(found) => stack.push(text(found)),
                    Item::List(_) => return None,
                }
            }
            _ => return None,
        }
    }
    None
}

impl Item {
    /// The names of columns: a text each, or the parts of a name.
    pub(super) fn names(&self) -> Option<Vec<Vec<String>>> {
        let Self::List(items) = self else {
            return None;
        };
        let name = |item: &Self| match item {
            Self::Text(text) => Some(vec![text.clone()]),
            Self::List(parts) => parts
                .iter()
                .map(|part| match part {
                    Self::Text(text) => Some(text.clone()),
                    Self::List(_) => None,
                })
                .collect(),
        };
        items.iter().map(name).collect()
    }
}

fn text(text: &str) -> Entry {
    Entry::Item(Item::Text(text.to_owned()))
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(taken)
}

fn number(input: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(input, 4)?.try_into().ok()?))
}

fn utf8(input: &mut &[u8], length: u32) -> Option<Entry> {
    let bytes = take(input, length as usize)?;
    Some(text(std::str::from_utf8(bytes).ok()?))
}

fn line(input: &mut &[u8]) -> Option<String> {
    let end = input.iter().position(|&byte| byte == b'\n')?;
    let line = take(input, end + 1)?;
    Some(std::str::from_utf8(&line[..end]).ok()?.to_owned())
}

fn pop(stack: &mut Vec<Entry>) -> Option<Item> {
    match stack.pop()? {
        Entry::Item(item) => Some(item),
        Entry::Mark => None,
    }
}

fn top(stack: &[Entry]) -> Option<Item> {
    match stack.last()? {
        // what is put away must not grow with every copy
        Entry::Item(Item::List(_)) => Some(Item::List(Vec::new())),
        Entry::Item(item) => Some(item.clone()),
        Entry::Mark => None,
    }
}

fn to_mark(stack: &mut Vec<Entry>) -> Option<Vec<Item>> {
    let mark = stack
        .iter()
        .rposition(|entry| matches!(entry, Entry::Mark))?;
    let items = stack.drain(mark..).skip(1).map(|entry| match entry {
        Entry::Item(item) => Some(item),
        Entry::Mark => None,
    });
    items.collect()
}

fn list(stack: &mut [Entry]) -> Option<&mut Vec<Item>> {
    match stack.last_mut()? {
        Entry::Item(Item::List(items)) => Some(items),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names_in_two_protocols() {
        // pickle.dumps(["x", ("a", "b"), 7], protocol)
        let first = b"(lp0\nVx\np1\na(Va\np2\nVb\np3\ntp4\naI7\na.";
        let fourth = b"\x80\x04\x95\x15\0\0\0\0\0\0\0]\x94(\x8c\x01x\x94\x8c\x01a\x94\x8c\x01b\x94\x86\x94K\x07e.";
        for pickle in [&first[..], fourth] {
            let names = read(pickle).unwrap().names().unwrap();
            assert_eq!(names, [vec!["x"], vec!["a", "b"], vec!["7"]]);
        }
    }

    #[test]
    fn a_pickle_that_calls_something_is_not_read() {
        // os.system("true"), and pickles that are cut off
        for pickle in [
            &b"cos\nsystem\n(S'true'\ntR."[..],
            b"(lp0\nVx",
            b"",
            b"]a.",
            b"h\x05.",
        ] {
            assert_eq!(read(pickle), None);
        }
    }
}
