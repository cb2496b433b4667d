using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Lifecycle.Intake;

namespace Saga.Tests.Support.World;

/// <summary>A command of the catalogue that travels to another process.</summary>
/// <param name="Name">The command's type.</param>
/// <param name="Body">The command.</param>
/// <param name="Key">Its idempotency key.</param>
public sealed record AnyCommand(string Name, JsonElement Body, string Key)
{
    public static AnyCommand Of(object command, string key) => new(command.GetType().Name, JsonSerializer.SerializeToElement(command, command.GetType(), Json.Options), key);

    /// <summary>Submits it to the intake of a host. A second time it is the same operation.</summary>
    public Task<IntakeOutcome> SubmitAsync(IServiceProvider services)
    {
        var type = services.GetRequiredService<CommandCatalogue>().Entries.Single(e => e.Command.Name == Name).Command;
        return (Task<IntakeOutcome>)typeof(AnyCommand).GetMethod(nameof(SendAsync), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type)
            .Invoke(null, [services, Body.Deserialize(type, Json.Options), Key])!;
    }

    private static Task<IntakeOutcome> SendAsync<TCommand>(IServiceProvider services, TCommand command, string key)
        where TCommand : class => services.GetRequiredService<ICommandIntake<TCommand>>().SubmitAsync(command, Caller.OfToken(Site.Caller), CancellationToken.None, key);
}
