using System.Numerics;
using OrleansDL.Serving;

namespace OrleansDL.Telemetry;

/// <summary>One generation of a deployment as this node serves it: who it is, and what it did since it was last drained.</summary>
public sealed class ServingSeries
{
    private readonly ServingStripe[] _stripes;

    internal ServingSeries(Route route)
    {
        Project = route.Project;
        Deployment = route.Deployment;
        Generation = route.Generation ?? 0;
        Model = route.ModelName;
        ModelVersion = route.ModelVersion;
        Tags = new ServingTags(route);

        // One stripe a core, so that two requests seldom meet in one.
        _stripes = new ServingStripe[Math.Min(64, BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount))];
        for (var stripe = 0; stripe < _stripes.Length; stripe++)
        {
            _stripes[stripe] = new ServingStripe(this);
        }
    }

    public string Project { get; }
    public Guid Deployment { get; }

    /// <summary>0 where nothing was ready to answer.</summary>
    public long Generation { get; }
    public string Model { get; }
    public long ModelVersion { get; }

    internal ServingTags Tags { get; }

    /// <summary>When something was last drained from it.</summary>
    internal DateTimeOffset LastUsed { get; set; }

    internal ServingStripe Stripe => _stripes[Thread.GetCurrentProcessorId() & (_stripes.Length - 1)];

    /// <summary>Takes what was recorded since the last time.</summary>
    internal void Drain(List<NodeWindow> into)
    {
        foreach (var stripe in _stripes)
        {
            stripe.Drain(into, close: false);
        }
    }

    /// <summary>Takes what was recorded, and lets nothing be recorded any more.</summary>
    internal void Close(List<NodeWindow> into)
    {
        foreach (var stripe in _stripes)
        {
            stripe.Drain(into, close: true);
        }
    }
}
