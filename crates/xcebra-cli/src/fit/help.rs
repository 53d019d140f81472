//! The settings of a training and examples, as `xcebra fit --help` shows them.

pub const EXAMPLES: &str = "\
Settings (TOML), each with its default unless it says otherwise:
  [data]
  x = \"x\"                       # array (time, channels), or columns of a table: \"acc_*\"
  labels = { z2 = \"z2\" }        # name of the label = array. By default a label is the array
                                # of the same name. FILE:ARRAY is an array of another file,
                                # for all sessions one after another. In a table, classes may
                                # be text
  transpose = false             # true for an array (channels, time)
  standardize = true            # bring each channel to mean 0 and standard deviation 1
  subjects = \"channels\"         # sessions with the same channels share an encoder; \"sessions\":
                                # each session has its own
  [encoder]
  name = \"offset1-mse-clip\"     # the encoders are below
  outputs = 6                   # embedding dimensions
  clip = 5.0                    # offset1-mse-clip: limit of each output
  hidden = 32                   # hidden units of encoders other than offset1-mse, -clip, -tanh
  shared = \"none\"               # what encoders of several subjects share: none, or trunk, all
                                # layers but the first
  [[objective]]                 # any number; their losses are added
  dims = [0, 6]                 # embedding dimensions 0 to 5; all by default
  positives = { kind = \"time\", offset = 1 }
  similarity = { kind = \"euclidean\", temperature = 1.0 }   # or cosine, dot
  weight = 1.0
  weight_start = 0              # step at which the weight begins to rise from 0
  weight_ramp = 0               # number of steps of the rise
  [[objective]]
  dims = [3, 6]
  positives = { kind = \"time-delta\", label = \"z2\", delta = 1 }
                                # the kinds of positives are below
  [regularizer]
  weight = 0.1                  # λ of the Jacobian penalty, 0 for none
  start = 2500                  # step at which it begins to rise from 0
  ramp = 2500                   # number of steps of the rise
  projections = 1               # random projections per sample; 0 = exact
  [train]
  steps = 20000
  batch = 512
  learning_rate = 3e-4
  weight_decay = 0.0            # decoupled, as in AdamW
  schedule = \"constant\"         # or linear: down to 1 %; cosine: a short rise, then down to 1 %
  seed = 0
  log_every = 50                # steps between two points of the training curves
  balance = \"subjects\"          # each subject gives as many references; \"samples\": in the ratio
                                # of their lengths
  mask_channels = 0.0           # probability that a channel of a window is set to 0
  mask_times = 0.0              # share of a window that is hidden, as one block of times
  [validation]
  held_out = 0.0                # fraction of the samples kept from the training, up to 0.5
  blocks = 10                   # number of blocks of time
  every = 250                   # steps between two validations
  batches = 4                   # batches per validation
  patience = 0                  # validations without improvement after which the training stops
                                # and keeps its best parameters; 0: never. They count once
                                # objectives and regulariser have reached their final weights

Positives (the sample that should be near the reference):
  { kind = \"time\", offset = 1 }                      offset samples later
  { kind = \"time-delta\", label = \"z\", delta = 1 }    nearest to the reference's label plus a
                                                     change of the label over delta samples
  { kind = \"delta-normal\", label = \"z\", sigma = 0.1 }  nearest to label plus Gaussian noise
  { kind = \"delta-vmf\", label = \"angle\", kappa = 10 }  the same on the circle: radians, von Mises
  { kind = \"discrete\", label = \"state\" }             of the same class
  { kind = \"mixed\", discrete = \"state\", continuous = \"z\", delta = 1 }
                                                     as time-delta, within the same class
  { kind = \"uniform\" }                               any sample

Similarities: kind = euclidean (squared distance), cosine, dot; learn = true trains the temperature,
not below minimum = 0.01. A supervised objective has a loss instead of positives and similarity:
  loss = \"mse\", label = \"z\"              mean squared error, one dimension for each column
  loss = \"cross-entropy\", label = \"state\"  one dimension for each class, in the order of their values

Encoders (with GELU between layers; those without mse normalise their output to unit length):
  one sample: offset1, offset1-v2 … -v5, offset1-mse, offset1-mse-clip, offset1-mse-tanh,
    offset1-mse-v2 and offset1-mse-resnet (depth = 2 hidden layers between the first and the last two)
  convolutions over 5 to 50 samples: offset5, 10, 15, 18, 20, 36, 40, 50, each also with -mse
  custom: layers = [{ outputs = 64, kernel = 3, skip = true }, …], the last with encoder.outputs;
    head = { kind = \"identity\" } (or normalize, tanh, clip with its limit);
    left = samples of the window before the one that is embedded

To train on several sessions, repeat --data. A label is the array of the same name in each file. A
recording with gaps is cut into segments. Windows and offsets do not cross gaps. Sessions with
different channels, such as those of several animals, get an encoder each, into one embedding.

The folder and the settings in it are written before the data are read. A training that ends early
leaves its last checkpoint there. After Ctrl-C or the SIGTERM of a batch system it leaves a new one.
`xcebra fit --resume FOLDER` resumes from there, or from the beginning, and gives the same bytes.

Examples:
  xcebra fit --data data.npz --config fit.toml --out run
  xcebra fit --data data.npz --set \"objective.0.positives={kind='time', offset=5}\" --out run
  xcebra fit --data data.npz:traces --set encoder.outputs=3 --set train.steps=4000 --out run
  xcebra fit --data walk.csv:\"ankle_*\" --config gait.toml --out run
  xcebra fit --data monday.npz --data tuesday.npz --config fit.toml --out run
  xcebra fit --data rat1.npz --data rat2.npz --config fit.toml --out animals
  xcebra fit --from run --set train.steps=10000 --out run-longer
  xcebra fit --adapt animals --data rat3.npz --out three-animals
  xcebra fit --resume run";
