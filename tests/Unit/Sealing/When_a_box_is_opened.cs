using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Registry.Secrets;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Sealing;

public sealed class When_a_box_is_opened
{
    private static readonly (byte[] Private, byte[] Public) Pair = SealedBox.NewKey();
    private static readonly Guid Id = Guid.CreateVersion7();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public void Should_give_back_what_was_put_in(int length)
    {
        var plaintext = RandomNumberGenerator.GetBytes(length);

        var box = SealedBox.Seal(Id, Pair.Public, "here", plaintext);

        SealedBox.KeyIdOf(box).ShouldBe(Id);
        SealedBox.Open(Pair.Private, "here", box).ShouldBe(plaintext);
    }

    [Fact]
    public void Should_be_another_box_each_time() =>
        SealedBox.Seal(Id, Pair.Public, "here", "x"u8).ShouldNotBe(SealedBox.Seal(Id, Pair.Public, "here", "x"u8));

    [Fact]
    public void Should_refuse_another_context_and_another_key()
    {
        var box = SealedBox.Seal(Id, Pair.Public, "here", "secret"u8);

        Should.Throw<CryptographicException>(() => SealedBox.Open(Pair.Private, "there", box));
        Should.Throw<CryptographicException>(() => SealedBox.Open(SealedBox.NewKey().Private, "here", box));
    }

    [Fact]
    public void Should_refuse_a_box_in_which_any_byte_was_changed()
    {
        var box = SealedBox.Seal(Id, Pair.Public, "here", "secret"u8);
        for (var i = 0; i < box.Length; i++)
        {
            byte[] changed = [.. box];
            changed[i] ^= 1;
            Should.Throw<CryptographicException>(() => SealedBox.Open(Pair.Private, "here", changed), $"byte {i}");
        }
    }

    [Fact]
    public void Should_refuse_what_is_no_box()
    {
        SealedBox.KeyIdOf([]).ShouldBeNull();
        SealedBox.KeyIdOf(new byte[200]).ShouldBeNull("the version is unknown");
        Should.Throw<CryptographicException>(() => SealedBox.Open(Pair.Private, "here", [1, 2, 3]));
    }

    [Fact]
    public void Should_carry_a_commands_value_so_that_the_command_does_not_show_it()
    {
        var command = new SetConfig { TenantId = new(Guid.CreateVersion7()), ConfigKey = "token", ConfigValue = JsonElement.Parse("\"hunter2-hunter2\""), IsEncrypted = true };

        var boxed = BoxedConfig.Seal(command, Id, Pair.Public);

        var stored = JsonSerializer.Serialize(boxed, Saga.Contracts.Json.Options);
        stored.ShouldNotContain("hunter2");
        var read = JsonSerializer.Deserialize<SetConfig>(stored, Saga.Contracts.Json.Options)!;
        SealedBox.Open(Pair.Private, BoxedConfig.Context(command), BoxedConfig.BoxOf(read)).ShouldBe("\"hunter2-hunter2\""u8.ToArray());
        Should.Throw<CryptographicException>(() => SealedBox.Open(Pair.Private, BoxedConfig.Context(command with { ConfigKey = "other" }), BoxedConfig.BoxOf(read)));
    }
}
