// common/http_body.cc - counting and decoding content.
#include "common/http_body.h"

#include <algorithm>

namespace wirelens::http {

void Body::begin(Context& context, const ContentForm& form, Content& content, unsigned& strikes,
                 std::unique_ptr<Conversation> reader) {
  context_ = &context;
  into_ = &content;
  strikes_ = &strikes;
  reader_ = std::move(reader);
  content.present = true;
  keeps_ = std::min<std::size_t>(context.settings().bodies, content::kMaxDecoded);
  const auto codings = content::codings_of(form.codings);
  coded_ = !codings || codings->count > 0 || form.transfer_coded;
  const bool wanted = keeps_ > 0 || reader_;
  if (wanted && codings && !form.transfer_coded && strikes < content::kMaxStrikes) {
    decoder_ = content::Decoder::open(*codings, context.ledger(),
                                      reader_ ? content::Decoder::kEndless : content::kMaxDecoded);
  }
}

void Body::content(Bytes bytes, const Stamp& stamp) {
  into_->wire_bytes += bytes.size();
  if (decoder_) {
    Decoded decoded(*this);
    judge(decoder_->feed(bytes, stamp, decoded));
  } else if (!coded_) {
    take(bytes, stamp);
  }
}

void Body::take(Bytes bytes, const Stamp& stamp) {
  std::pmr::string& preview = into_->preview;
  if (preview.size() < keeps_) {
    preview.append(as_text(bytes.first(std::min(bytes.size(), keeps_ - preview.size()))));
  }
  if (reader_) reader_->data(*context_, from_, bytes, stamp);
}

void Body::missing(std::uint64_t count, const Stamp& stamp) {
  into_->missing_bytes += count;
  // Behind a hole a coding makes no sense, and a preview would hide the hole.
  if (decoder_ && reader_) context_->flaw(content::kCut, from_);
  decoder_.reset();
  keeps_ = 0;
  if (reader_) reader_->gap(*context_, from_, count, stamp);
}

void Body::judge(content::Decoder::State state) {
  using State = content::Decoder::State;
  if (state == State::going) return;
  if (state != State::too_large) {
    ++*strikes_;
    context_->flaw(state == State::bomb ? content::kBomb : content::kBroken, from_);
  }
  decoder_.reset();
}

void Body::end(bool whole) {
  if (!into_) return;
  if (decoder_ && whole) judge(decoder_->finish());
  if (decoder_) into_->bytes = decoder_->decoded();
  if (!coded_) into_->bytes = into_->wire_bytes;
  decoder_.reset();
  if (reader_) {
    reader_->end(*context_, from_, whole, context_->packet());
    reader_->finish(*context_, context_->packet());
    reader_.reset();
  }
  into_ = nullptr;
}

}  // namespace wirelens::http
