using System.Runtime.ExceptionServices;
using Apache.Arrow;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Looks at the images of one column of a batch, on all cores.</summary>
internal static class ImageCells
{
    /// <summary>What was found of each image, in order; nulls are left out.</summary>
    /// <param name="cells">The images' bytes.</param>
    /// <param name="where">Names a row of the batch, for errors.</param>
    /// <param name="limits">What images may be.</param>
    /// <exception cref="InvalidException">A value is no image, or too large. The first one is named.</exception>
    public static IEnumerable<ImageFacts> Look(BinaryArray cells, Func<int, string> where, IngestLimits limits)
    {
        var facts = new ImageFacts?[cells.Length];
        var faults = new Exception?[cells.Length];
        Parallel.For(0, cells.Length, (row, loop) =>
        {
            if (cells.IsNull(row))
            {
                return;
            }

            try
            {
                facts[row] = ImageCheck.Look(cells.GetBytes(row), where(row), limits);
            }
            catch (InvalidException fault)
            {
                faults[row] = fault;
                loop.Break();
            }
        });
        if (System.Array.Find(faults, fault => fault is not null) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return facts.OfType<ImageFacts>();
    }
}
