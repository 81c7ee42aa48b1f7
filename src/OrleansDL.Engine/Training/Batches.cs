using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>The batches of an epoch in their order. Where the rows are kept has no part in what is in them.</summary>
internal abstract class Batches : IDisposable
{
    /// <summary>Goes to a batch of an epoch, at a cost that does not grow with the batches before it.</summary>
    public abstract void Begin(SampleOrder order, int batch);

    /// <summary>Inputs and targets of the next batch on the device; good until the next call. Where the input is its own target, both are one tensor.</summary>
    public abstract (Tensor Inputs, Tensor Targets) Next();

    public abstract void Dispose();

    public static Batches Of(TrainingData data, int size, int batches, Device device) => data.Training.Encoded is { } encoded
        ? new KeptBatches(encoded, data, size, device)
        : new StreamedBatches(data, size, batches, device);
}
