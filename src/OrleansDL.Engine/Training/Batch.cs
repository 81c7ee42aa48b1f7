using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>A batch on the device.</summary>
/// <param name="Inputs">The rows; where the input is its own target, one tensor with <paramref name="Targets"/>.</param>
/// <param name="Targets">Their targets.</param>
/// <param name="Samples">Number of each row among the training rows.</param>
/// <param name="Partners">Targets of the rows that were mixed in; null when none were.</param>
/// <param name="Share">What part of each row is its own; the rest is its partner's.</param>
internal readonly record struct Batch(Tensor Inputs, Tensor Targets, ReadOnlyMemory<long> Samples, Tensor? Partners = null, double Share = 1);
