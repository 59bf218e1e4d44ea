"""The calls the vectors record: each op's arguments, in order, and its results."""

import re
from collections import namedtuple

Signature = namedtuple("Signature", "arguments results family")

TABLE = """
# create
empty(ints size, dtype dtype) -> out
zeros(ints size, dtype dtype) -> out
ones(ints size, dtype dtype) -> out
full(ints size, float fill_value, dtype dtype) -> out
empty_like(input, dtype|none dtype) -> out
zeros_like(input, dtype|none dtype) -> out
ones_like(input, dtype|none dtype) -> out
full_like(input, float fill_value, dtype|none dtype) -> out
arange(float start, float end, float step, dtype dtype) -> out
linspace(float start, float end, int steps, dtype dtype) -> out
logspace(float start, float end, int steps, float base, dtype dtype) -> out
eye(int n, int m, dtype dtype) -> out
tril(input, int diagonal) -> out
triu(input, int diagonal) -> out
diag(input, int diagonal) -> out
one_hot(input, int num_classes) -> out
meshgrid(tensors tensors, str indexing) -> out...
clone(input) -> out
to(input, dtype dtype) -> out
copy_(input, src) -> out
fill_(input, float value) -> out
zero_(input) -> out
# view
view(input, ints size) -> out
reshape(input, ints shape) -> out
flatten(input, int start_dim, int end_dim) -> out
unflatten(input, int dim, ints sizes) -> out
squeeze(input, ints|none dim) -> out
unsqueeze(input, int dim) -> out
transpose(input, int dim0, int dim1) -> out
t(input) -> out
permute(input, ints dims) -> out
movedim(input, ints source, ints destination) -> out
expand(input, ints size) -> out
narrow(input, int dim, int start, int length) -> out
select(input, int dim, int index) -> out
slice(input, int dim, int|none start, int|none end, int step) -> out
diagonal(input, int offset, int dim1, int dim2) -> out
unfold(input, int dimension, int size, int step) -> out
as_strided(input, ints size, ints stride, int|none storage_offset) -> out
chunk(input, int chunks, int dim) -> out...
split(input, int split_size, int dim) -> out...
split_with_sizes(input, ints split_sizes, int dim) -> out...
unbind(input, int dim) -> out...
detach(input) -> out
contiguous(input) -> out
resize_(input, ints size) -> out
# index
gather(input, int dim, index) -> out
take_along_dim(input, indices, int|none dim) -> out
index_select(input, int dim, index) -> out
masked_select(input, mask) -> out
index(input, tensors indices) -> out
scatter(input, int dim, index, src) -> out
scatter_value(input, int dim, index, float value) -> out
scatter_add(input, int dim, index, src) -> out
scatter_reduce(input, int dim, index, src, int reduce, bool include_self) -> out
index_add(input, int dim, index, source, float alpha) -> out
index_put(input, tensors indices, values, bool accumulate) -> out
masked_fill(input, mask, float value) -> out
where(condition, input, other) -> out
pad(input, ints pad, int mode, float value) -> out
# unary
UNARY(input) -> out
logit(input, float|none eps) -> out
round(input, int decimals) -> out
nan_to_num(input, float|none nan, float|none posinf, float|none neginf) -> out
# binary
BINARY(input, other) -> out
BINARY_SCALAR(input, float other) -> out
rsub_scalar(input, float other) -> out
rdiv_scalar(input, float other) -> out
rpow_scalar(input, float other) -> out
add_alpha(input, other, float alpha) -> out
sub_alpha(input, other, float alpha) -> out
div_mode(input, other, str|none rounding_mode) -> out
div_mode_scalar(input, float other, str|none rounding_mode) -> out
lerp(input, end, weight) -> out
lerp_scalar(input, end, float weight) -> out
clamp(input, float|none min, float|none max) -> out
clamp_tensor(input, tensor|none min, tensor|none max) -> out
addcmul(input, tensor1, tensor2, float value) -> out
addcdiv(input, tensor1, tensor2, float value) -> out
# reduce
sum(input, ints|none dim, bool keepdim, dtype|none dtype) -> out
mean(input, ints|none dim, bool keepdim, dtype|none dtype) -> out
nansum(input, ints|none dim, bool keepdim, dtype|none dtype) -> out
prod(input, dtype|none dtype) -> out
prod_dim(input, int dim, bool keepdim, dtype|none dtype) -> out
var(input, ints|none dim, int correction, bool keepdim) -> out
std(input, ints|none dim, int correction, bool keepdim) -> out
amax(input, ints dim, bool keepdim) -> out
amin(input, ints dim, bool keepdim) -> out
max(input) -> out
min(input) -> out
max_dim(input, int dim, bool keepdim) -> values, indices
min_dim(input, int dim, bool keepdim) -> values, indices
argmax(input, int|none dim, bool keepdim) -> out
argmin(input, int|none dim, bool keepdim) -> out
all(input, ints|none dim, bool keepdim) -> out
any(input, ints|none dim, bool keepdim) -> out
vector_norm(input, float ord, ints|none dim, bool keepdim, dtype|none dtype) -> out
logsumexp(input, ints dim, bool keepdim) -> out
count_nonzero(input, ints|none dim) -> out
cumsum(input, int dim, dtype|none dtype) -> out
cumprod(input, int dim, dtype|none dtype) -> out
equal(input, other) -> bool
allclose(input, other, float rtol, float atol, bool equal_nan) -> bool
# order
sort(input, int dim, bool descending, bool stable) -> values, indices
argsort(input, int dim, bool descending, bool stable) -> out
topk(input, int k, int dim, bool largest, bool sorted) -> values, indices
kthvalue(input, int k, int dim, bool keepdim) -> values, indices
median(input) -> out
median_dim(input, int dim, bool keepdim) -> values, indices
unique(input, bool sorted, bool return_inverse, bool return_counts) -> out, inverse (if asked), counts (if asked)
unique_dim(input, int dim, bool sorted, bool return_inverse, bool return_counts) -> out, inverse (if asked), counts (if asked)
bincount(input, tensor|none weights, int minlength) -> out
histc(input, int bins, float min, float max) -> out
# matmul
mm(input, mat2) -> out
bmm(input, mat2) -> out
matmul(input, other) -> out
mv(input, vec) -> out
dot(input, other) -> out
addmm(input, mat1, mat2, float beta, float alpha) -> out
addmv(input, mat, vec, float beta, float alpha) -> out
baddbmm(input, batch1, batch2, float beta, float alpha) -> out
tensordot(a, b, ints dims_a, ints dims_b) -> out
bilinear(input1, input2, weight, tensor|none bias) -> out
linear(input, weight, tensor|none bias) -> out
# activation
ACTIVATION(input) -> out
leaky_relu(input, float negative_slope) -> out
prelu(input, weight) -> out
elu(input, float alpha) -> out
celu(input, float alpha) -> out
gelu(input, str approximate) -> out
softplus(input, float beta, float threshold) -> out
hardtanh(input, float min_val, float max_val) -> out
threshold(input, float threshold, float value) -> out
glu(input, int dim) -> out
softshrink(input, float lambd) -> out
hardshrink(input, float lambd) -> out
softmax(input, int dim, dtype|none dtype) -> out
log_softmax(input, int dim, dtype|none dtype) -> out
softmin(input, int dim, dtype|none dtype) -> out
# conv
conv2d(input, weight, tensor|none bias, ints stride, ints padding, ints dilation, int groups) -> out
conv2d_padding(input, weight, tensor|none bias, ints stride, str padding, ints dilation, int groups) -> out
# pool
max_pool2d(input, ints kernel_size, ints stride, ints padding, ints dilation, bool ceil_mode) -> out
max_pool2d_with_indices(input, ints kernel_size, ints stride, ints padding, ints dilation, bool ceil_mode) -> out, indices
avg_pool2d(input, ints kernel_size, ints stride, ints padding, bool ceil_mode, bool count_include_pad, int|none divisor_override) -> out
# norm
batch_norm(input, tensor|none running_mean, tensor|none running_var, tensor|none weight, tensor|none bias, bool training, float momentum, float eps) -> out, running_mean after (if given), running_var after (if given)
# loss
mse_loss(input, target, str reduction) -> out
l1_loss(input, target, str reduction) -> out
smooth_l1_loss(input, target, str reduction, float beta) -> out
huber_loss(input, target, str reduction, float delta) -> out
binary_cross_entropy(input, target, tensor|none weight, str reduction) -> out
binary_cross_entropy_with_logits(input, target, tensor|none weight, tensor|none pos_weight, str reduction) -> out
nll_loss(input, target, tensor|none weight, str reduction, int ignore_index) -> out
cross_entropy(input, target, tensor|none weight, str reduction, int ignore_index, float label_smoothing) -> out
# random
rand(ints size, dtype dtype) -> out
randn(ints size, dtype dtype) -> out
randint(int low, int high, ints size, dtype dtype) -> out
randperm(int n, dtype dtype) -> out
normal(float mean, float std, ints size, dtype dtype) -> out
normal_(input, float mean, float std) -> out
uniform_(input, float from, float to) -> out
bernoulli(input) -> out
bernoulli_(input, float p) -> out
exponential_(input, float lambd) -> out
multinomial(input, int num_samples, bool replacement) -> out
dropout(input, float p, bool training) -> out
linear_init(int in_features, int out_features, bool bias, dtype dtype) -> weight, bias (if asked)
conv2d_init(int in_channels, int out_channels, ints kernel_size, int groups, bool bias, dtype dtype) -> weight, bias (if asked)
loader_order(int n, int batch_size, bool drop_last) -> ints of epoch 1, ints of epoch 2
loader_order_generator(int n, int batch_size, bool drop_last, int generator_seed) -> ints of epoch 1, ints of epoch 2
"""

UNARY = (
    "abs neg sign exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sin cos tan asin acos atan "
    "sinh cosh tanh asinh acosh atanh erf erfc erfinv lgamma digamma sigmoid floor ceil trunc frac isnan isinf "
    "isfinite logical_not bitwise_not"
).split()
BINARY = (
    "add sub mul div remainder fmod pow atan2 maximum minimum hypot copysign logaddexp xlogy eq ne lt le gt ge "
    "logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor bitwise_left_shift "
    "bitwise_right_shift"
).split()
SCALAR = "add sub mul div remainder fmod pow copysign xlogy eq ne lt le gt ge".split()
ACTIVATION = "relu relu6 selu silu mish softsign hardsigmoid hardswish logsigmoid tanhshrink".split()


class Signatures:
    def __init__(self):
        self.ops = {}
        family = ""
        for line in TABLE.strip().splitlines():
            if line.startswith("# "):
                family = line[2:]
                continue
            name, arguments, results = re.fullmatch(r"(\w+)\((.*)\) -> (.*)", line).groups()
            names = {
                "UNARY": UNARY,
                "BINARY": BINARY,
                "ACTIVATION": ACTIVATION,
                "BINARY_SCALAR": [s + "_scalar" for s in SCALAR],
            }.get(name, [name])
            for n in names:
                self.ops[n] = Signature([a.strip() for a in arguments.split(",")], results, family)

    def of(self, op):
        """The signature of an op, or of the op that an in-place name stands for."""
        if op in self.ops:
            return self.ops[op]
        if op.endswith("_") and op[:-1] in self.ops:
            return self.ops[op[:-1]]
        raise KeyError(op)
