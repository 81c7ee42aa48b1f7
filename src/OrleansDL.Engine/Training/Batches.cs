using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>The batches of an epoch in their order. Where the rows are kept has no part in what is in them.</summary>
internal abstract class Batches : IDisposable
{
    /// <summary>Goes to a batch of an epoch, at a cost that does not grow with the batches before it.</summary>
    public abstract void Begin(SampleOrder order, int batch);

    /// <summary>Inputs and labels of the next batch on the device; good until the next call.</summary>
    public abstract (Tensor Inputs, Tensor Labels) Next();

    public abstract void Dispose();

    public static Batches Of(TrainingData data, int size, int batches, Device device) => data.Training.Encoded is { } encoded
        ? new KeptBatches(encoded, data.Pipeline.RowShape, size, device)
        : new StreamedBatches(data, size, batches, device);
}
