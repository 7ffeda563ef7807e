// common/content.cc - layers of codings, and the bounds around them.
#include "common/content.h"

#include <algorithm>

#include "base/work.h"
#include "common/content_layers.h"
#include "common/http_text.h"

namespace wirelens::content {

std::optional<Codings> codings_of(std::string_view value) {
  Codings codings;
  while (!value.empty()) {
    const std::string_view name = http::trimmed(http::cut(value, ','));
    std::optional<Coding> coding;
    if (name.empty() || http::same_ignoring_case(name, "identity")) continue;
    if (http::same_ignoring_case(name, "gzip") || http::same_ignoring_case(name, "x-gzip")) {
      coding = Coding::gzip;
    } else if (http::same_ignoring_case(name, "deflate")) {
      coding = Coding::deflate;
    } else if (http::same_ignoring_case(name, "br")) {
      coding = Coding::brotli;
    } else if (http::same_ignoring_case(name, "zstd")) {
      coding = Coding::zstd;
    }
    if (!coding || codings.count == kMaxLayers) return std::nullopt;
    codings.layers[codings.count++] = *coding;
  }
  return codings;
}

std::unique_ptr<Decoder> Decoder::open(const Codings& codings, Ledger& ledger, std::uint64_t most) {
  if (codings.count == 0 || ledger.pressed()) return nullptr;
  const std::size_t windows = codings.count * kWindow;
  if (!ledger.take(Charge::carry, windows)) return nullptr;
  std::unique_ptr<Decoder> decoder(new Decoder(ledger, most));
  decoder->charged_ = windows;
  for (std::size_t i = codings.count; i-- > 0;) {
    std::unique_ptr<Layer> layer = open_layer(codings.layers[i], ledger);
    if (!layer) return nullptr;
    decoder->layers_[decoder->count_++] = std::move(layer);
  }
  return decoder;
}

Decoder::Decoder(Ledger& ledger, std::uint64_t most) : ledger_(ledger), most_(most) {}

Decoder::~Decoder() {
  ledger_.give(Charge::carry, charged_);
}

Decoder::State Decoder::deliver(Bytes bytes, const Stamp& stamp, ContentSink& out) {
  decoded_ += bytes.size();
  if (decoded_ > most_) return State::too_large;
  out.content(bytes, stamp);
  return State::going;
}

Decoder::State Decoder::run(std::size_t layer, Bytes bytes, const Stamp& stamp, ContentSink& out) {
  if (layer == count_) return deliver(bytes, stamp, out);
  std::array<std::uint8_t, kWindow> window;
  for (;;) {
    const Layer::Step step = layers_[layer]->step(bytes, window);
    bytes = bytes.subspan(step.consumed);
    work(step.consumed + step.produced + 1);
    produced_[layer] += step.produced;
    if (produced_[layer] > kFreeOutput && produced_[layer] / kMaxRatio > received_) {
      return State::bomb;
    }
    if (produced_[layer] > 2 * most_) return State::too_large;
    if (step.produced > 0) {
      const State state = run(layer + 1, Bytes(window).first(step.produced), stamp, out);
      if (state != State::going) return state;
    }
    if (step.broken) return State::broken;
    if (step.produced < kWindow && bytes.empty()) return State::going;
    if (step.produced == 0 && step.consumed == 0) return State::going;  // behind its end
  }
}

Decoder::State Decoder::feed(Bytes bytes, const Stamp& stamp, ContentSink& out) {
  if (state_ != State::going) return state_;
  received_ += bytes.size();
  state_ = run(0, bytes, stamp, out);
  return state_;
}

Decoder::State Decoder::finish() {
  if (state_ != State::going) return state_;
  const auto over = [](const auto& layer) { return !layer || layer->over(); };
  // No content at all is none in any coding.
  if (received_ > 0 && !std::all_of(layers_.begin(), layers_.end(), over)) state_ = State::broken;
  return state_;
}

}  // namespace wirelens::content
