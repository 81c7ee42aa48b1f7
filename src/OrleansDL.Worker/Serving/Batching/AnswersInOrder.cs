namespace OrleansDL.Serving.Batching;

/// <summary>Holds answers back until those of all earlier requests have left. Not safe for several threads.</summary>
internal sealed class AnswersInOrder
{
    private readonly Queue<Pending> _order = new();
    private readonly Dictionary<Pending, Action> _ready = [];

    public void OnArrival(Pending pending) => _order.Enqueue(pending);

    /// <param name="pending">The request that was answered.</param>
    /// <param name="leave">Gives the answer away.</param>
    public void OnAnswer(Pending pending, Action leave)
    {
        _ready[pending] = leave;
        while (_order.TryPeek(out var next) && _ready.Remove(next, out var go))
        {
            _order.Dequeue();
            go();
        }
    }
}
