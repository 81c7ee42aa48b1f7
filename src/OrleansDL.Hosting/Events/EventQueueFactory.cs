using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace OrleansDL.Events;

/// <summary>Makes the parts of the event stream's provider.</summary>
internal sealed class EventQueueFactory(string name, IServiceProvider services) : IQueueAdapterFactory
{
    // A project's events stay in one queue, and so in order; the number is part of the stored positions.
    private const int Queues = 4;
    private readonly HashRingBasedStreamQueueMapper _mapper = new(new HashRingStreamQueueMapperOptions { TotalQueueCount = Queues }, name);
    private readonly SimpleQueueAdapterCache _cache = new(new SimpleQueueCacheOptions { CacheSize = 4096 }, name, services.GetRequiredService<ILoggerFactory>());

    public Task<IQueueAdapter> CreateAdapter() =>
        Task.FromResult<IQueueAdapter>(new EventQueue(name, _mapper, services.GetRequiredService<EventCursor>()));

    public IQueueAdapterCache GetQueueAdapterCache() => _cache;

    public IStreamQueueMapper GetStreamQueueMapper() => _mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(new EventFailures(services.GetRequiredService<ILogger<EventFailures>>()));
}
