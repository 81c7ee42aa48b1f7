namespace OrleansDL.Nodes;

/// <summary>One silo's ear. Key: the silo's address; it lives on that silo and nowhere else.</summary>
[Alias("node")]
internal interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Hands a notice to everything on the silo that subscribed to its topic.</summary>
    [Alias("notice")] Task NoticeAsync(string topic, string payload);
}
