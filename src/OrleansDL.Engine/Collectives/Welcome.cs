namespace OrleansDL.Collectives;

/// <summary>How a rank answers one that knows the secret.</summary>
internal enum Welcome : byte
{
    Yes = 0,
    OtherRun = 1,
    OtherAttempt = 2,
    OtherPlace = 3,
}
