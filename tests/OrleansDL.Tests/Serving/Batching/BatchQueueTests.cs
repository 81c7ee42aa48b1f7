using OrleansDL.Serving;
using OrleansDL.Serving.Batching;

namespace OrleansDL.Tests.Serving.Batching;

public sealed class BatchQueueTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(5);

    [Fact]
    public void Without_a_delay_all_that_waits_goes_at_once()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 8 });
        Add(queue, 1, 2, 3);

        Assert.Equal([1, 2, 3], Rows(queue.Take(At(0), TimeSpan.Zero)));
        Assert.Null(queue.Take(At(0), TimeSpan.Zero));
    }

    [Fact]
    public void A_batch_goes_when_it_is_full_or_its_oldest_has_waited_long_enough()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 4 });
        Add(queue, 1, 2);

        Assert.Null(queue.Take(At(4), Delay));
        Assert.Equal(Delay, queue.NextLook(Delay));
        Add(queue, 2);
        Assert.Equal([1, 2], Rows(queue.Take(At(4), Delay)));
        Assert.Equal([2], Rows(queue.Take(At(5), Delay)));
    }

    [Fact]
    public void A_preferred_size_goes_as_soon_as_it_is_reached()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 8, PreferredBatchSizes = [2, 4] });
        Add(queue, 1);
        Assert.Null(queue.Take(At(0), Delay));
        Add(queue, 1, 1, 1, 1);

        Assert.Equal([1, 1, 1, 1], Rows(queue.Take(At(0), Delay)));
        Assert.Null(queue.Take(At(0), Delay));
    }

    [Fact]
    public void What_would_pass_the_greatest_preferred_size_is_not_waited_for()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 8, PreferredBatchSizes = [2, 6] });
        Add(queue, 3);
        Assert.Null(queue.Take(At(0), Delay));
        Add(queue, 4);
        Assert.Equal(At(0), queue.NextLook(Delay));
        Assert.Equal([3], Rows(queue.Take(At(0), Delay)));
        Assert.Null(queue.Take(At(0), Delay));
        Assert.Equal(Delay, queue.NextLook(Delay));
        Assert.Equal([4], Rows(queue.Take(At(5), Delay)));

        Add(queue, 7);
        Assert.Equal([7], Rows(queue.Take(At(0), Delay)));

        // Who has waited long enough takes all along that fit.
        Add(queue, 3, 4, 1);
        Assert.Equal([3, 4, 1], Rows(queue.Take(At(5), Delay)));
    }

    [Fact]
    public void A_preferred_size_goes_before_the_rest_without_a_delay_too()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 8, PreferredBatchSizes = [4, 6] });
        Add(queue, 1, 1, 1, 1, 1, 1, 1);
        Assert.Equal(6, queue.Take(At(0), TimeSpan.Zero)!.Count);
        Assert.Single(queue.Take(At(0), TimeSpan.Zero)!);
        Add(queue, 1, 1, 1);
        Assert.Equal(3, queue.Take(At(0), TimeSpan.Zero)!.Count);
    }

    [Fact]
    public void A_request_that_cannot_be_taken_along_ends_the_wait_of_those_before_it()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 8, PreferredBatchSizes = [2, 6] });
        var (first, second, other, more) = (Pending(1), Pending(3), Pending(1, columns: 7), Pending(5, columns: 7));
        queue.Add(first);
        queue.Add(second);
        Assert.Null(queue.Take(At(0), Delay));
        queue.Add(other);
        Assert.Equal([first, second], queue.Take(At(0), Delay)!);
        Assert.Null(queue.Take(At(0), Delay));
        queue.Add(more);
        Assert.Equal([other, more], queue.Take(At(0), Delay)!);
    }

    [Fact]
    public void A_higher_priority_is_served_first_and_takes_lower_ones_along()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 2, PriorityLevels = 3 });
        var low = Pending(1, priority: 3);
        var middle = Pending(1, priority: 2);
        var high = Pending(1, priority: 1);
        queue.Add(low);
        queue.Add(middle);
        queue.Add(high);

        Assert.Equal([high, middle], queue.Take(At(0), TimeSpan.Zero)!);
        Assert.Equal([low], queue.Take(At(0), TimeSpan.Zero)!);
    }

    [Fact]
    public void Requests_of_another_shape_are_passed_by_unless_the_order_counts()
    {
        foreach (var ordered in (bool[])[false, true])
        {
            var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 8, PreserveOrdering = ordered });
            var (first, other, third) = (Pending(1), Pending(1, columns: 7), Pending(1));
            queue.Add(first);
            queue.Add(other);
            queue.Add(third);

            Assert.Equal(ordered ? [first] : [first, third], queue.Take(At(0), TimeSpan.Zero)!);
            Assert.Equal([other], queue.Take(At(0), TimeSpan.Zero)!);
        }
    }

    [Fact]
    public void What_waited_too_long_is_refused()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 8 });
        var late = Pending(1, deadline: 3);
        var patient = Pending(1, deadline: 9);
        queue.Add(late);
        queue.Add(patient);

        Assert.Equal(At(3), queue.NextLook(null));
        Assert.Equal([late], queue.Expire(At(3)));
        Assert.Equal([patient], queue.Take(At(4), TimeSpan.Zero)!);
        Assert.Empty(queue.Expire(At(10)));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void What_waited_too_long_goes_behind_the_rest_where_that_is_asked_for()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 1, TimeoutAction = QueueTimeoutAction.Delay });
        var late = Pending(1, deadline: 3);
        var next = Pending(1);
        queue.Add(late);
        queue.Add(next);

        Assert.Empty(queue.Expire(At(3)));
        Assert.Equal([next], queue.Take(At(3), TimeSpan.Zero)!);
        Assert.Equal([late], queue.Take(At(3), TimeSpan.Zero)!);
    }

    [Fact]
    public void A_held_queue_begins_when_enough_wait_and_once_more_for_the_backlog()
    {
        var queue = new BatchQueue(new BatchingSpec { MaximumBatchSize = 2 }, hold: 3, backlog: 2);
        Add(queue, 1, 1);
        Assert.Null(queue.Take(At(0), TimeSpan.Zero));
        Add(queue, 1);
        Assert.Equal([1, 1], Rows(queue.Take(At(0), TimeSpan.Zero)));
        Assert.Null(queue.Take(At(0), TimeSpan.Zero));
        Add(queue, 1);
        Assert.Equal([1, 1], Rows(queue.Take(At(0), TimeSpan.Zero)));
        Add(queue, 1);
        Assert.Equal([1], Rows(queue.Take(At(0), TimeSpan.Zero)));
    }

    [Fact]
    public void Waiting_pays_only_while_requests_come_faster_than_an_execution_costs()
    {
        var delay = new AdaptiveDelay(TimeSpan.FromMilliseconds(20));
        Assert.Equal(TimeSpan.Zero, delay.Current);

        // 4 ms for each execution and 1 ms for each row; a request every 2 ms.
        for (var index = 0; index < 200; index++)
        {
            delay.OnArrival(At(2 * index));
            delay.OnExecution((index % 3) + 1, At(4 + (index % 3) + 1));
        }

        Assert.Equal(4, delay.Current.TotalMilliseconds, 0.01);

        for (var index = 0; index < 200; index++)
        {
            delay.OnArrival(At(400 + (10 * index)));
        }

        Assert.Equal(TimeSpan.Zero, delay.Current);
    }

    private static void Add(BatchQueue queue, params int[] rows)
    {
        foreach (var count in rows)
        {
            queue.Add(Pending(count));
        }
    }

    private static Pending Pending(int rows, int priority = 1, int columns = 4, int? deadline = null) => new(
        new InferRequest { Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [rows, columns], Data = new byte[rows * columns * sizeof(float)] }] },
        rows, priority, At(0), deadline is { } milliseconds ? At(milliseconds) : null);

    private static IEnumerable<int> Rows(List<Pending>? batch) => batch!.Select(pending => pending.Rows);

    private static TimeSpan At(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
