using OrleansDL.Database;

namespace OrleansDL.Monitoring;

/// <summary>Feedback as it is stored.</summary>
internal sealed class FeedbackRow
{
    public string Inference { get; set; } = "";
    public int Item { get; set; }
    public string Project { get; set; } = "";
    public string Deployment { get; set; } = "";
    public string Model { get; set; } = "";
    public long ModelVersion { get; set; }
    public long AnsweredAt { get; set; }
    public long GivenAt { get; set; }
    public string? Label { get; set; }
    public double? Value { get; set; }
    public string? AnsweredLabel { get; set; }
    public double? AnsweredValue { get; set; }

    public StoredFeedback ToStored() => new()
    {
        Feedback = new InferenceFeedback
        {
            InferenceId = Guid.Parse(Inference),
            Row = Item,
            Label = Label,
            Value = Value,
            AnsweredLabel = AnsweredLabel,
            AnsweredValue = AnsweredValue,
            At = Micros.ToTime(GivenAt),
        },
        Deployment = Guid.Parse(Deployment),
        Model = Model,
        ModelVersion = ModelVersion,
        AnsweredAt = Micros.ToTime(AnsweredAt),
    };
}
