//! Changes of settings such as `train.steps=4000`.

/// Makes one change.
pub fn apply(root: &mut toml::Value, set: &str) -> Result<(), String> {
    let (path, value) = set.split_once('=').ok_or("there is no `=`")?;
    let value = value_of(value.trim())?;
    *find(root, path.trim())? = value;
    Ok(())
}

/// Gives objectives that an override has begun what they need: without positives and without another loss
/// they are like the default objective.
pub fn complete(root: &mut toml::Value) {
    let list = root
        .get_mut("objective")
        .and_then(toml::Value::as_array_mut);
    for objective in list.into_iter().flatten() {
        let Some(table) = objective.as_table_mut() else {
            continue;
        };
        let loss = table.get("loss").and_then(toml::Value::as_str);
        let contrastive = matches!(loss, None | Some("info-nce"));
        if contrastive && !table.contains_key("positives") && !table.contains_key("label") {
            table.insert("positives".to_owned(), default_positives());
        }
    }
}

/// Those of the default objective.
fn default_positives() -> toml::Value {
    let fields = [("kind", "time".into()), ("offset", 1.into())];
    let fields = fields.map(|(key, value): (&str, toml::Value)| (key.to_owned(), value));
    toml::Value::Table(fields.into_iter().collect())
}

/// The place that a dotted path names; the last step may be new, for optional fields, and so may one
/// more table of a list.
fn find<'a>(root: &'a mut toml::Value, path: &str) -> Result<&'a mut toml::Value, String> {
    let Some((parents, last)) = path.rsplit_once('.') else {
        // all objectives at once
        let list = root.get_mut(path).filter(|value| value.is_array());
        return list.ok_or_else(|| "the path does not name a section".to_owned());
    };
    let mut place = root;
    for step in parents.split('.') {
        let next = match place {
            toml::Value::Table(table) => {
                // parts of an objective that are written out only where they are set
                if step == "positives" {
                    table.entry(step).or_insert_with(default_positives);
                } else if step == "similarity" {
                    let empty = toml::Value::Table(toml::Table::new());
                    table.entry(step).or_insert(empty);
                }
                table.get_mut(step)
            }
            toml::Value::Array(list) => step.parse::<usize>().ok().and_then(|i| {
                // the next one begins with what is set of it
                if i == list.len() {
                    list.push(toml::Value::Table(toml::Table::new()));
                }
                list.get_mut(i)
            }),
            _ => None,
        };
        place = next.ok_or_else(|| format!("there is no `{step}` in `{path}`"))?;
    }
    match place {
        toml::Value::Table(table) => Ok(table
            .entry(last)
            .or_insert_with(|| toml::Value::Boolean(false))),
        toml::Value::Array(list) => {
            let place = last.parse::<usize>().ok();
            if place == Some(list.len()) {
                list.push(toml::Value::Table(toml::Table::new()));
            }
            place
                .and_then(|i| list.get_mut(i))
                .ok_or_else(|| format!("there is no `{last}` in `{parents}`"))
        }
        _ => Err(format!("`{parents}` is not a section")),
    }
}

fn value_of(text: &str) -> Result<toml::Value, String> {
    if text.is_empty() {
        return Err("there is nothing after the `=`".to_owned());
    }
    let Ok(mut table) = format!("value = {text}").parse::<toml::Table>() else {
        return Ok(toml::Value::String(text.to_owned()));
    };
    match (table.remove("value"), table.len()) {
        (Some(value), 0) => Ok(value),
        _ => Err("the value continues after its first line".to_owned()),
    }
}
