namespace OrleansDL.Demo;

/// <summary>Requests through the inference protocol.</summary>
internal sealed record DemoServed(long Requests, long Failed, long Correct);
