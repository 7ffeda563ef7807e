// tests/support/dissect.cc - playing scripts.
#include "support/dissect.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

namespace wirelens::testing {
namespace {

constexpr std::size_t kShort = 260;       // bytes up to which all cuts of three are tried
constexpr std::size_t kPairs = 4000;      // bytes up to which all cuts of two are
constexpr std::size_t kRandomCuts = 200;  // more ways, for every script

void feed(RecordingContext& context, Conversation& conversation, const Step& step, Bytes bytes,
          const Stamp& stamp) {
  // A copy that dies with the call: a view that is kept too long is found by the sanitizers.
  const std::vector<std::uint8_t> slice(bytes.begin(), bytes.end());
  conversation.data(context, step.from, slice, stamp);
}

void feed_cut(RecordingContext& context, Conversation& conversation, const Step& step,
              std::size_t begin, const Cuts& cuts, const Stamp& stamp) {
  std::size_t at = 0;
  const Bytes all = as_bytes(step.text);
  for (auto cut = cuts.upper_bound(begin); cut != cuts.end() && *cut < begin + all.size(); ++cut) {
    feed(context, conversation, step, all.subspan(at, *cut - begin - at), stamp);
    at = *cut - begin;
  }
  feed(context, conversation, step, all.subspan(at), stamp);
}

}  // namespace

Script& Script::add(Step step) {
  step.pause += std::exchange(pause_, Duration{});
  steps_.push_back(std::move(step));
  return *this;
}
Script& Script::say(Direction from, std::string_view text) {
  return add({Step::What::data, from, std::string(text)});
}
Script& Script::gap(Direction from, std::uint64_t bytes) {
  return add({Step::What::gap, from, {}, bytes});
}
Script& Script::end(Direction from, bool cleanly) {
  return add({cleanly ? Step::What::end : Step::What::reset, from, {}});
}
Script& Script::pause(Duration duration) {
  pause_ = duration;
  return *this;
}
std::size_t Script::size() const {
  std::size_t size = 0;
  for (const Step& step : steps_) size += step.text.size();
  return size;
}

void RecordingContext::flaw(const Flaw& flaw, std::optional<Direction> from,
                            std::string_view detail) {
  nlohmann::json record = {{"type", "flaw"}, {"name", flaw.name}, {"rule", flaw.rule}};
  if (from) record["from"] = name_of(*from);
  if (!detail.empty()) record["detail"] = detail;
  lines_.push_back(record.dump());
}
void RecordingContext::name_server(std::string_view name) {
  if (server_name_.empty()) server_name_ = name;
}
void RecordingContext::emit(const EventType* type, Timestamp time, const void* payload) {
  writer_.clear();
  writer_.begin_record(type->name, time, std::nullopt);
  type->describe(payload, writer_);
  writer_.end_record();
  lines_.emplace_back(writer_.view());
}

std::vector<std::string> play_lines(const Script& script,
                                    std::span<const Protocol* const> protocols,
                                    const Setting& setting, const Cuts& cuts) {
  RecordingContext context(setting);
  {
    Conversation conversation(protocols, context.memory());
    Stamp stamp;
    std::size_t begin = 0;
    for (const Step& step : script.steps()) {
      stamp = {stamp.packet + 1, stamp.time + step.pause};
      context.at(stamp);
      switch (step.what) {
        case Step::What::data:
          feed_cut(context, conversation, step, begin, cuts, stamp);
          break;
        case Step::What::gap:
          conversation.gap(context, step.from, step.lost, stamp);
          break;
        case Step::What::end:
        case Step::What::reset:
          conversation.end(context, step.from, step.what == Step::What::end, stamp);
          break;
      }
      begin += step.text.size();
    }
    conversation.finish(context, stamp);
  }
  EXPECT_EQ(context.ledger().total(), 0u) << "memory is still booked";
  return context.lines();
}

namespace {

Records parsed(const std::vector<std::string>& lines) {
  Records records;
  for (const std::string& line : lines) records.push_back(nlohmann::json::parse(line));
  return records;
}

/// True if the cuts change nothing.
bool same(const Script& script, std::span<const Protocol* const> protocols, const Setting& setting,
          const std::vector<std::string>& expected, const Cuts& cuts) {
  const std::vector<std::string> got = play_lines(script, protocols, setting, cuts);
  if (got == expected) return true;
  std::string where;
  for (const std::size_t cut : cuts) {
    if (where.size() < 200) where.append(" ").append(std::to_string(cut));
  }
  const auto differing = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
  ADD_FAILURE() << "cut at" << where << "\n  whole: "
                << (differing.second == expected.end() ? "nothing" : *differing.second)
                << "\n  cut:   " << (differing.first == got.end() ? "nothing" : *differing.first);
  return false;
}

}  // namespace

Records play(const Script& script, std::span<const Protocol* const> protocols,
             const Setting& setting) {
  return parsed(play_lines(script, protocols, setting));
}
Records play(const Script& script, const Protocol& protocol, const Setting& setting) {
  const Protocol* const protocols[] = {&protocol};
  return play(script, protocols, setting);
}

Records play_in_every_cut(const Script& script, const Protocol& protocol, const Setting& setting) {
  const Protocol* const protocols[] = {&protocol};
  return play_in_every_cut(script, protocols, setting);
}
Records play_in_every_cut(const Script& script, std::span<const Protocol* const> protocols,
                          const Setting& setting) {
  const std::vector<std::string> whole = play_lines(script, protocols, setting);
  const std::size_t size = script.size();
  Cuts everywhere;
  for (std::size_t i = 1; i < size; ++i) everywhere.insert(i);
  bool good = same(script, protocols, setting, whole, everywhere);
  for (std::size_t i = 1; i < size && good && size <= kPairs; ++i) {
    good = same(script, protocols, setting, whole, {i});
    for (std::size_t j = i + 1; j < size && good && size <= kShort; ++j) {
      good = same(script, protocols, setting, whole, {i, j});
    }
  }
  std::mt19937 random(static_cast<std::mt19937::result_type>(size));
  for (std::size_t i = 0; i < kRandomCuts && good && size > 1; ++i) {
    Cuts cuts;
    const std::size_t mean = 1 + random() % size;
    for (std::size_t at = 1 + random() % mean; at < size; at += 1 + random() % mean)
      cuts.insert(at);
    good = same(script, protocols, setting, whole, cuts);
  }
  return parsed(whole);
}

Records of_type(const Records& records, std::string_view type) {
  Records found;
  for (const auto& record : records) {
    if (record["type"] == type) found.push_back(record);
  }
  return found;
}

std::vector<std::string> flaws(const Records& records) {
  std::vector<std::string> names;
  for (const auto& record : of_type(records, "flaw")) names.push_back(record["name"]);
  return names;
}

}  // namespace wirelens::testing
