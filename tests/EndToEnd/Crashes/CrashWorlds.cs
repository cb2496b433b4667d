using Saga.Tests.Support;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes;

/// <summary>
/// Crashes one process after another, each at a different point, and lets a new process finish the work. Several groups run in
/// parallel, each with its own control plane. The external systems are compared at the end.
/// </summary>
internal static class CrashWorlds
{
    private const int Parallel = 6;

    // Half of a case's time is spent waiting for leases, claims and servers.
    private static readonly SemaphoreSlim AtOnce = new(8);

    /// <summary>Every point instead of a sample: <c>SAGA_CRASH_ALL=1</c>.</summary>
    public static bool All => RunSeed.All;

    /// <param name="cases">Where to crash, and the expected outcome.</param>
    public static async Task RunAsync(string what, IReadOnlyList<CrashCase> cases)
    {
        cases.ShouldNotBeEmpty();
        var world = await World.SharedAsync();
        var left = new ConcurrentQueue<CrashCase>(cases);
        var broken = new ConcurrentQueue<string>();
        var clock = Stopwatch.StartNew();
        var done = 0;
        var sites = await Task.WhenAll(Enumerable.Range(0, Math.Min(Parallel, cases.Count)).Select(async _ =>
        {
            var site = await world.NewSiteAsync();
            while (left.TryDequeue(out var next))
            {
                await AtOnce.WaitAsync();
                try
                {
                    if (!await CrashAsync(site, next))
                        broken.Enqueue($"{next}: it never reached the point");
                    await FinishAsync(site, next);
                }
                catch (Exception error)
                {
                    broken.Enqueue($"{next}: {error.GetType().Name}: {error.Message}");
                }
                finally
                {
                    AtOnce.Release();
                }

                if (Interlocked.Increment(ref done) % 10 == 0 || done == cases.Count)
                    await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{what}: {done} of {cases.Count}, {broken.Count} broken, {clock.Elapsed.TotalSeconds:0} s"));
            }

            return site;
        }));
        try
        {
            await ExternalState.CompareAsync(sites);
        }
        catch (Exception error)
        {
            broken.Enqueue(error.Message);
        }

        broken.ShouldBeEmpty();
    }

    // False when the process finished its work without reaching the point.
    private static async Task<bool> CrashAsync(Site site, CrashCase crash)
    {
        var command = crash.Command;
        using var process = new CrashingProcess(new CrashOrders { Settings = site.Settings, Command = command, At = crash.At, FailsPermanently = crash.FailsPermanently });
        return await process.DiedAsync(() => IsDoneAsync(site, command));
    }

    private static async Task FinishAsync(Site site, CrashCase crash)
    {
        var host = await ProvisioningHost.StartAsync(site.Configuration(), crash.FailsPermanently is { } step ? StepFaults.FailsPermanently(step) : null);
        try
        {
            // The sender does not know the outcome, so it sends the command again.
            var accepted = await site.SubmitAsync(crash.Command);
            var state = await site.EndAsync(accepted.OperationId);
            state.ShouldBe(crash.FailsPermanently is null ? OperationState.Completed : OperationState.Compensated, await site.StoryAsync(accepted.OperationId));
            // A process must be running to send the messages that the killed one left in the outbox.
            await ExternalState.DrainedAsync(site);
        }
        finally
        {
            await ProvisioningHost.EndAsync(host);
        }
    }

    private static async Task<bool> IsDoneAsync(Site site, ProvisionTenant command)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<bool>(
            """
            select not exists (select 1 from outbox) and exists (
                select 1 from operations o join tenants t on t.id = o.tenant_id
                where t.slug = @Slug and o.state in ('completed', 'compensated', 'stalled'))
            """,
            new { command.Slug });
    }
}

/// <param name="Plan">The tenant's plan: enterprise uses the tier <c>database</c>, premium <c>schema</c>, basic <c>row</c>.</param>
/// <param name="At">Where the first process dies.</param>
/// <param name="FailsPermanently">The step that makes the operation compensate, if any.</param>
internal sealed record CrashCase(string Plan, CrashPoint At, string? FailsPermanently = null)
{
    private ProvisionTenant? command;

    public ProvisionTenant Command => command ??= Site.NewCommand(Plan) with { Name = ToString() };

    public override string ToString() => $"{Plan}{(FailsPermanently is null ? "" : $", {FailsPermanently} fails")}, killed {At}";
}
