using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Tenancy.Sealing;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Sealing;

public sealed class When_runtime_keys_are_configured
{
    private const string Master = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string Key = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=";

    [Fact]
    public void Should_take_several() => Options(("r1", Key), ("r2", Key)).Keys.Count.ShouldBe(2);

    [Fact]
    public void Should_refuse_to_do_without() =>
        Should.Throw<OptionsValidationException>(() => Options()).Message.ShouldContain("Saga:Runtime:Keys must contain at least one runtime key");

    [Theory]
    [InlineData("")]
    [InlineData("not base64")]
    [InlineData("AAEC")]
    public void Should_refuse_a_key_that_is_not_32_bytes_and_not_show_it(string key)
    {
        var message = Should.Throw<OptionsValidationException>(() => Options(("r1", key))).Message;

        message.ShouldContain("Saga:Runtime:Keys:r1 must be 32 random bytes as base64");
        if (key.Length > 0)
            message.ShouldNotContain(key);
    }

    [Fact]
    public void Should_refuse_a_master_key()
    {
        var message = Should.Throw<OptionsValidationException>(() => Options(("r1", Key), ("r2", Master))).Message;

        message.ShouldContain("Saga:Runtime:Keys:r2 is also a key under Saga:Sealing:MasterKeys");
        message.ShouldNotContain(Master);
    }

    private static RuntimeKeyOptions Options(params (string Id, string Key)[] keys)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Saga:Sealing:ActiveKey", "k1"),
            new("Saga:Sealing:MasterKeys:k1", Master),
            .. keys.Select(k => KeyValuePair.Create<string, string?>($"Saga:Runtime:Keys:{k.Id}", k.Key)),
        ]).Build();
        return new ServiceCollection().AddSealing(configuration).BuildServiceProvider().GetRequiredService<IOptions<RuntimeKeyOptions>>().Value;
    }
}
