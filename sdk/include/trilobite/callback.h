// A function given to the library: anything that can be called. Like std::move_only_function, without <functional>,
// which takes longer to compile than all of this library's headers.
#pragma once

#include <type_traits>
#include <utility>

namespace trilobite {

template <class Signature>
class Callback;

template <class R, class... Args>
class Callback<R(Args...)> {
 public:
  Callback() = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Callback> && std::is_invocable_r_v<R, F&, Args...>)
      // NOLINTNEXTLINE(google-explicit-constructor): made from the lambda in the call.
      Callback(F&& function)
      : object_(new std::decay_t<F>(std::forward<F>(function))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::decay_t<F>*>(object))(std::forward<Args>(args)...);
        }),
        destroy_([](void* object) { delete static_cast<std::decay_t<F>*>(object); }) {}
  Callback(Callback&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)), call_(other.call_), destroy_(other.destroy_) {}
  Callback& operator=(Callback&& other) noexcept {
    std::swap(object_, other.object_);
    std::swap(call_, other.call_);
    std::swap(destroy_, other.destroy_);
    return *this;
  }
  ~Callback() {
    if (object_ != nullptr) destroy_(object_);
  }

  explicit operator bool() const { return object_ != nullptr; }
  // Requires a function.
  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_ = nullptr;
  R (*call_)(void*, Args...) = nullptr;
  void (*destroy_)(void*) = nullptr;
};

}  // namespace trilobite
