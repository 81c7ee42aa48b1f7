using OrleansDL.Collectives;
using OrleansDL.Data;
using static TorchSharp.torch;

namespace OrleansDL.Training;

/// <summary>The batches of an epoch in their order. Where the rows are kept has no part in what is in them.</summary>
internal abstract class Batches : IDisposable
{
    /// <summary>Goes to a batch of an epoch, at a cost that does not grow with the batches before it.</summary>
    public abstract void Begin(SampleOrder order, int batch);

    /// <summary>This rank's rows of the next batch; good until the next call.</summary>
    public abstract Batch Next();

    public abstract void Dispose();

    /// <summary>Rows that are changed at random are made ahead by the readers, wherever they are kept.</summary>
    public static Batches Of(TrainingData data, int size, int batches, Device device, Augmentation? augmentation, RankShare share) => data.Training.Encoded is { } encoded && augmentation is null
        ? new KeptBatches(encoded, data, size, device, share)
        : new StreamedBatches(data, size, batches, device, augmentation, share);
}
