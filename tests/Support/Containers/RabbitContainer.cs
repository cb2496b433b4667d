using Testcontainers.RabbitMq;

namespace Saga.Tests.Support.Containers;

/// <summary>A RabbitMQ node from an image, for all tests of a process.</summary>
internal sealed class RabbitContainer
{
    private const string Image = "rabbitmq:3.13";
    private readonly RabbitMqContainer container;

    private RabbitContainer(RabbitMqContainer container) => this.container = container;

    public string Host => container.Hostname;

    public int Port => container.GetMappedPublicPort(RabbitMqBuilder.RabbitMqPort);

    public static async Task<RabbitContainer> StartAsync()
    {
        var started = new RabbitMqBuilder(Image).WithUsername("guest").WithPassword("guest").Build();
        AtEnd.Do(() => started.DisposeAsync().AsTask());
        await started.StartAsync();
        return new RabbitContainer(started);
    }

    /// <summary>Runs <c>rabbitmqctl</c> in the container, and returns what it prints.</summary>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        var result = await container.ExecAsync(["rabbitmqctl", "-q", .. arguments]);
        return result.ExitCode == 0
            ? result.Stdout
            : throw new InvalidOperationException($"rabbitmqctl {string.Join(' ', arguments)} failed: {result.Stdout} {result.Stderr}");
    }
}
