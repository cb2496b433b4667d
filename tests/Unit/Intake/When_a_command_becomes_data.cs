using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_command_becomes_data
{
    private static readonly ProvisionTenant Command = new()
    {
        Name = "Bücher & <Söhne> 株式会社 👩‍🚀 \"+\"", Slug = "acme", Plan = "premium", AdminEmail = "ada+x@acme.com", Domain = "acme.com", IdempotencyKey = "k",
        Features = new Dictionary<string, bool> { ["biometric_auth"] = true, ["advanced_analytics"] = false, ["ünlaut"] = true },
        Settings = new Dictionary<string, JsonElement> { ["z"] = Commands.Element(" { \"b\" : 1, \"a\" : [ 1.50, \"é\\u00e9\\n\" ] } "), ["a"] = Commands.Element("1e3") },
    };

    // Registries contain such hashes. A key that was used before an upgrade must still be recognised after it.
    [Fact]
    public void Should_hash_as_registries_have_it() =>
        CommandBody.Of(Command).Hash().ShouldBe(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
            Command with
            {
                IdempotencyKey = null,
                Features = new SortedDictionary<string, bool>(Command.Features!.ToDictionary(), StringComparer.Ordinal),
                Settings = new SortedDictionary<string, JsonElement>(Command.Settings!.ToDictionary(), StringComparer.Ordinal),
            }, Json.Options)));

    [Fact]
    public void Should_read_back_as_the_command_without_its_key()
    {
        var body = CommandBody.Of(Command);

        body.Key.ShouldBe("k");
        var read = JsonSerializer.Deserialize<ProvisionTenant>(body.ToJson(), Json.Options)!;
        (read.Name, read.IdempotencyKey, read.Region).ShouldBe((Command.Name, null, null));
        read.Features.ShouldBe(Command.Features, ignoreOrder: true);
    }

    [Fact]
    public void Should_have_no_key_when_the_command_knows_none() => CommandBody.Of(new { name = "x" }).Key.ShouldBeNull();
}
