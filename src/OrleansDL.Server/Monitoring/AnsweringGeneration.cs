namespace OrleansDL.Monitoring;

/// <summary>Whose answers carry a generation.</summary>
internal sealed class AnsweringGeneration
{
    public long Number { get; set; }
    public string Project { get; set; } = "";
    public string Deployment { get; set; } = "";
    public string Model { get; set; } = "";
    public long ModelVersion { get; set; }
    public long CreatedAt { get; set; }
}
