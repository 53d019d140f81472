//! Writes ONNX files, right and wrong ones.

use xcebra_model::Advice;
use xcebra_onnx::OnnxOptions;

/// A message under construction.
#[derive(Clone, Debug, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value > 127 {
            self.0.push(value as u8 | 128);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn int(mut self, number: u64, value: i64) -> Self {
        self.varint(number << 3);
        self.varint(value.cast_unsigned());
        self
    }

    pub fn bytes(mut self, number: u64, bytes: &[u8]) -> Self {
        self.varint(number << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub fn text(self, number: u64, text: &str) -> Self {
        self.bytes(number, text.as_bytes())
    }

    pub fn message(self, number: u64, message: &Message) -> Self {
        self.bytes(number, &message.0)
    }
}

/// A graph from `x` to `y`, in opset 17 unless changed.
#[derive(Clone, Debug)]
pub struct File {
    pub graph: Message,
    pub opset: i64,
}

/// Length of an axis.
pub enum Dim {
    Fixed(i64),
    Named(&'static str),
}

impl File {
    /// With the input `x` and the output `y`, both of real numbers.
    pub fn new(dims: &[Dim]) -> Self {
        Self::of(1, dims)
    }

    /// The same with another code of the input's element type.
    pub fn of(element: i64, dims: &[Dim]) -> Self {
        let graph = Message::default().message(12, &Message::default().text(1, "y"));
        Self { graph, opset: 17 }.input("x", element, dims)
    }

    pub fn input(mut self, name: &str, element: i64, dims: &[Dim]) -> Self {
        let shape = dims.iter().fold(Message::default(), |shape, dim| {
            let dim = match dim {
                Dim::Fixed(n) => Message::default().int(1, *n),
                Dim::Named(name) => Message::default().text(2, name),
            };
            shape.message(1, &dim)
        });
        let tensor = Message::default().int(1, element).message(2, &shape);
        let kind = Message::default().message(1, &tensor);
        self.graph = self
            .graph
            .message(11, &Message::default().text(1, name).message(2, &kind));
        self
    }

    pub fn output(mut self, name: &str) -> Self {
        self.graph = self.graph.message(12, &Message::default().text(1, name));
        self
    }

    /// A node called `node of <output>`, with integers as attributes.
    pub fn node(
        mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, &[i64])],
    ) -> Self {
        let mut node = inputs
            .iter()
            .fold(Message::default(), |node, input| node.text(1, input));
        node = node
            .text(2, output)
            .text(3, &format!("node of {output}"))
            .text(4, op);
        for (name, values) in attributes {
            let mut attribute = Message::default().text(1, name);
            attribute = match values {
                [one] if *name != "axes" => attribute.int(3, *one),
                many => many.iter().fold(attribute, |a, v| a.int(8, *v)),
            };
            node = node.message(5, &attribute);
        }
        self.graph = self.graph.message(1, &node);
        self
    }

    /// A constant of `f32`.
    pub fn reals(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = tensor(name, 1, dims).bytes(9, &bytes);
        self.graph = self.graph.message(5, &tensor);
        self
    }

    /// A constant of `i64`.
    pub fn integers(mut self, name: &str, values: &[i64]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = tensor(name, 7, &[values.len() as i64]).bytes(9, &bytes);
        self.graph = self.graph.message(5, &tensor);
        self
    }

    pub fn constant(mut self, tensor: &Message) -> Self {
        self.graph = self.graph.message(5, tensor);
        self
    }

    pub fn finish(&self) -> Vec<u8> {
        let opset = Message::default().int(2, self.opset);
        Message::default()
            .int(1, 8)
            .message(7, &self.graph)
            .message(8, &opset)
            .0
    }
}

/// A constant without its numbers.
pub fn tensor(name: &str, element: i64, dims: &[i64]) -> Message {
    let message = dims.iter().fold(Message::default(), |m, d| m.int(1, *d));
    message.int(2, element).text(8, name)
}

/// An attribute of integers.
pub fn integers(name: &str, values: &[i64]) -> Message {
    let attribute = Message::default().text(1, name);
    values.iter().fold(attribute, |a, v| a.int(8, *v))
}

/// The file is refused, with these words in the problem or the advice.
#[track_caller]
pub fn refused(file: &File, parts: &[&str]) {
    match OnnxOptions::new().from_bytes::<f64>(&file.finish()) {
        Ok(model) => panic!("{model:?} was accepted"),
        Err(error) => {
            let all = format!("{error} {}", error.advice().unwrap_or_default());
            for part in parts {
                assert!(all.contains(part), "'{part}' is not in: {all}");
            }
        }
    }
}
