import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { askedStore, type FetchStored, NoSecret } from "./secrets.ts";

/**
 * Parameter Store, of the client's Region. It needs ssm:GetParameter on each parameter. One that lies there in plain text is
 * no secret any more: it is refused, so that its owner hears of it on the first day.
 */
export const parameterStore =
  (client: SSMClient): FetchStored =>
  async (name) => {
    const missing = `there is no parameter ${name}; make it in Parameter Store of this Region, as a SecureString`;
    const { Parameter } = await askedStore("ssm:GetParameter", { secret: { parameter: name }, missing }, () =>
      client.send(new GetParameterCommand({ Name: name, WithDecryption: true })),
    );
    if (Parameter?.Type !== "SecureString")
      throw new NoSecret(
        `the parameter ${name} is a ${Parameter?.Type}, in plain text; delete it, and store a new value as a SecureString`,
      );
    return Parameter.Value ?? "";
  };
