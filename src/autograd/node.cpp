#include "autograd/node.h"

#include <atomic>
#include <cctype>

#include "autograd/grad_mode.h"
#include "autograd/meta.h"

namespace tt {

namespace {
std::atomic<uint64_t> g_sequence{0};

// Nodes waiting to be destroyed on this thread.
[[gnu::tls_model("initial-exec")]] thread_local Node* t_dead = nullptr;
[[gnu::tls_model("initial-exec")]] thread_local bool t_destroying = false;
}  // namespace

Node::Node(const char* op_name)
    : RefCounted(Kind::kNode),
      op_name_(op_name),
      sequence_(g_sequence.fetch_add(1, std::memory_order_relaxed)) {}

Node::~Node() {
  if (edges_ != inline_edges_) delete[] edges_;
}

void Node::set_edge_count(int count) {
  if (count > kInlineEdges) edges_ = new Edge[static_cast<size_t>(count)];
  n_edges_ = count;
}

void Node::operator delete(Node* self, std::destroying_delete_t) noexcept {
  self->next_dead_ = t_dead;
  t_dead = self;
  if (t_destroying) return;
  t_destroying = true;
  while (t_dead != nullptr) {
    Node* node = t_dead;
    t_dead = node->next_dead_;
    const uint32_t bytes = node->block_bytes_;
    node->~Node();
    free_block(node, bytes);
  }
  t_destroying = false;
}

std::string Node::display_name() const {
  // mse_loss -> MseLossBackward0, as PyTorch names its nodes.
  if (is_accumulator()) return "AccumulateGrad";
  std::string out;
  bool upper = true;
  for (const char* c = op_name_; *c != '\0'; ++c) {
    if (*c == '_') {
      upper = true;
      continue;
    }
    out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(*c))) : *c;
    upper = false;
  }
  return out + "Backward0";
}

Tensor SavedTensor::unpack(const Node& node) const {
  if (!tensor_.defined()) return tensor_;
  TT_CHECK(tensor_.version() == version_, Status::kAutograd,
           "a tensor needed for the gradient has been written to in place: ", describe(tensor_),
           ", which was saved for the backward of ", node.op_name(), ", is at version ", tensor_.version(),
           "; expected version ", version_);
  if (kind_ == Kind::kInput || !grad_enabled()) return tensor_;
  // Under create_graph it takes part in the new graph: give it back its history.
  const Edge from = kind_ == Kind::kOutput ? Edge{Ref<Node>(const_cast<Node*>(&node)), nr_}
                                           : node.edge(static_cast<int>(nr_));
  Tensor out = detach(tensor_);
  if (from.node) set_history(out, from.node, from.input_nr);
  return out;
}

}  // namespace tt
