using Saga.Host.Processes;
using Saga.Host.Startup;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_a_private_server_ends
{
    private readonly TestClock clock = new();
    private readonly Server server = new();
    private readonly LogLines<ServerRestarter> lines = new();

    [Fact]
    public async Task Should_be_started_again_with_growing_pauses_and_said_once()
    {
        server.FailsTimes = 3;
        using var keeper = new ServerRestarter([server], clock, lines);
        await keeper.StartAsync(default);

        server.End();
        var pauses = new List<double>();
        while (server.Running.Task is { IsCompleted: false } running)
        {
            await Until.TrueAsync(() => Task.FromResult(clock.Waiting == 1 || running.IsCompleted));
            if (running.IsCompleted)
                break;
            var tried = server.Tries;
            var waited = 0.0;
            for (; server.Tries == tried; waited += 0.5)
            {
                clock.Advance(TimeSpan.FromSeconds(0.5));
                await Until.TrueAsync(() => Task.FromResult(clock.Waiting == 1 || server.Tries > tried));
            }

            pauses.Add(waited);
        }

        await Until.TrueAsync(() => Task.FromResult(lines.Loud.Count == 2));
        pauses.ShouldBe([0.5, 1, 2, 4]);
        lines.Loud.ShouldBe(["Thing has ended and is being started again; its log is /thing.log.", "Thing runs again after 7 s."]);
        await keeper.StopAsync(default);
    }

    [Fact]
    public async Task Should_stay_ended_when_the_host_stops()
    {
        using var keeper = new ServerRestarter([server], clock, lines);
        await keeper.StartAsync(default);
        await keeper.StopAsync(default);

        server.End();

        clock.Advance(TimeSpan.FromMinutes(1));
        server.Tries.ShouldBe(0);
        lines.Loud.ShouldBeEmpty();
    }

    private sealed class Server : IPrivateServer
    {
        private TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int tries;

        public TaskCompletionSource Running { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int FailsTimes { get; set; }

        public int Tries => Volatile.Read(ref tries);

        public string Name => "Thing";

        public string LogFile => "/thing.log";

        public void End() => ended.SetResult();

        public Task EndsAsync(CancellationToken cancellationToken) => ended.Task.WaitAsync(cancellationToken);

        public Task StartAgainAsync(CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref tries) <= FailsTimes)
                throw new InvalidOperationException("No space left on device");
            ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Running.SetResult();
            return Task.CompletedTask;
        }
    }
}
