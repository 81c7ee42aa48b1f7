namespace OrleansDL.Demo;

/// <summary>Requests to the deployment so far, over all of the demo.</summary>
internal sealed class ServedCount
{
    private long _requests;
    private long _failed;
    private long _correct;

    public long Requests => Interlocked.Read(ref _requests);
    public long Failed => Interlocked.Read(ref _failed);
    public long Correct => Interlocked.Read(ref _correct);

    public void Answered(bool right)
    {
        Interlocked.Increment(ref _requests);
        if (right)
        {
            Interlocked.Increment(ref _correct);
        }
    }

    public void Lost()
    {
        Interlocked.Increment(ref _requests);
        Interlocked.Increment(ref _failed);
    }
}
