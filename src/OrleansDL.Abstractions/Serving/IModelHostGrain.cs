namespace OrleansDL.Serving;

/// <summary>A worker's memory for models. Key: the worker's name; it lives on that worker and nowhere else.</summary>
[Alias("model-host-grain")]
public interface IModelHostGrain : IGrainWithStringKey
{
    /// <summary>What is loaded there and what it takes.</summary>
    [Alias("get")] Task<WorkerModels> GetAsync();

    /// <summary>How it stands, without the models.</summary>
    [Alias("describe")] Task<ModelHost> DescribeAsync();

    /// <summary>The worker goes out of use: what is loaded on demand is loaded elsewhere, and then leaves. Returns at once.</summary>
    [Alias("move-away")] Task MoveAwayAsync();
}
