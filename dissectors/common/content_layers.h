// common/content_layers.h - one content coding each, behind one face; for content.cc only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/ledger.h"
#include "common/content.h"

namespace wirelens::content {

class Layer {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool broken = false;
  };
  virtual ~Layer() = default;
  /// Decodes until `in` is used up or `out` is full; behind the end of the coding it does nothing.
  virtual Step step(Bytes in, std::span<std::uint8_t> out) = 0;
  /// The coding came to its own end.
  virtual bool over() const = 0;
};

/// Its memory is charged to Charge::carry. Nothing if there is none.
std::unique_ptr<Layer> open_layer(Coding coding, Ledger& ledger);

}  // namespace wirelens::content
