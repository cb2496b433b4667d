using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Tests.NextHost;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

// Orders arrive as one line of JSON. The program ends when its input ends, also if the parent process dies.
var orders = JsonSerializer.Deserialize<NextOrders>(await Console.In.ReadLineAsync() ?? "", Json.Options)!;
var input = Task.Run(Console.In.ReadToEnd);
await using var registry = NpgsqlDataSource.Create(orders.Registry);
await using (await EngineHost.StartAsync(
    registry, orders.Bus, orders.Orchestrates, services => services.AddTomorrow(registry), (services, configuration) => services.AddTomorrow(registry, configuration, orders.Steps)))
{
    Console.WriteLine("started");
    await input;
}
