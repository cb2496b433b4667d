using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

if (args is ["servers"])
{
    // Starts the servers that tests start, reports it, and waits to be killed.
    await PostgresServer.AdminConnectionStringAsync();
    await using var redis = await RedisServer.StartNewAsync();
    await RabbitServer.NewVirtualHostAsync();
    Console.WriteLine("started");
    await Task.Delay(Timeout.Infinite);
}

// Orders arrive as one line of JSON. The program ends when its input ends, also if the parent process dies.
var orders = JsonSerializer.Deserialize<CrashOrders>(await Console.In.ReadLineAsync() ?? "", Json.Options)!;
var input = Task.Run(Console.In.ReadToEnd);
using var points = new CrashPoints(point =>
{
    if (point != orders.At)
        return;
    // Sends SIGKILL to itself, so that nothing is flushed, closed or reported. The thread must not continue.
    Process.GetCurrentProcess().Kill();
    Thread.Sleep(Timeout.Infinite);
});
var configuration = new ConfigurationBuilder().AddInMemoryCollection(orders.Settings).Build();
var host = await ProvisioningHost.StartAsync(configuration, orders.FailsPermanently is { } step ? StepFaults.FailsPermanently(step) : null);
IntakeOutcome? outcome = orders switch
{
    { Any: { } any } => await any.SubmitAsync(host.Services),
    { Waits: true } => null,
    _ => await host.Services.GetRequiredService<ICommandIntake<ProvisionTenant>>().SubmitAsync(orders.Command!, Caller.OfToken(Site.Caller), CancellationToken.None),
};
Console.WriteLine(outcome switch
{
    null => "It waits for what is scheduled.",
    CommandAccepted accepted => accepted.OperationId.ToString(),
    CommandRejected rejected => throw new InvalidOperationException($"{rejected.Rejection.Code}: {rejected.Rejection.Detail}"),
    _ => throw new InvalidOperationException(outcome.ToString()),
});
await input;
await ProvisioningHost.EndAsync(host);
