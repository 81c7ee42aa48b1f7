namespace OrleansDL.Monitoring;

/// <summary>Feedback of one version's answers in one step of time, summed up.</summary>
internal sealed class FeedbackSum
{
    /// <summary>Number of the step since 1970; 0 for the whole range.</summary>
    public long Step { get; set; }
    public string Model { get; set; } = "";
    public long ModelVersion { get; set; }
    public long Count { get; set; }
    public long Judged { get; set; }
    public long Correct { get; set; }
    public long Measured { get; set; }
    public double AbsoluteErrors { get; set; }
    public double SquaredErrors { get; set; }

    public FeedbackWindow ToWindow() => new()
    {
        Count = Count,
        Judged = Judged,
        Correct = Correct,
        Accuracy = Judged == 0 ? null : Correct / (double)Judged,
        Measured = Measured,
        MeanAbsoluteError = Measured == 0 ? null : AbsoluteErrors / Measured,
        RootMeanSquaredError = Measured == 0 ? null : Math.Sqrt(SquaredErrors / Measured),
    };
}
